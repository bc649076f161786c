"""Memory that is released by another allocator than it is from.

>>> family("PyMem_RawCalloc"), family("PyMem_Free"), family("strdup"), family("memcpy")
('PyMem_Raw', 'PyMem', 'malloc', None)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wadjet.model.finding import Finding, Level, Place
from wadjet.native.csource.trees import variable
from wadjet.native.refs.rules.calls import Call
from wadjet.native.refs.rules.events import Report, Rule, Setting, Usage, Use
from wadjet.native.refs.rules.known import Known

_ALLOCATE = re.compile(
    r"(?P<raw>PyMem_Raw(?:Malloc|Calloc|Realloc))|(?P<mem>PyMem_(?:Malloc|Calloc|Realloc"
    r"|MALLOC|REALLOC|New|NEW|Resize))|(?P<object>PyObject_(?:Malloc|Calloc|Realloc|MALLOC"
    r"|REALLOC))|(?P<c>malloc|calloc|realloc|strdup|strndup)"
)
_RELEASE = re.compile(
    r"(?P<raw>PyMem_RawFree|PyMem_RawRealloc)|(?P<mem>PyMem_(?:Free|FREE|Del|DEL|Realloc|REALLOC))"
    r"|(?P<object>PyObject_(?:Free|FREE|Del|DEL|Realloc|REALLOC))|(?P<c>free|realloc)"
)
_FAMILIES = {"raw": "PyMem_Raw", "mem": "PyMem", "object": "PyObject", "c": "malloc"}


@dataclass(frozen=True, slots=True)
class Allocated:
    """Where memory is from."""

    family: str
    name: str
    line: int


class Memory(Rule):
    """The rule; ``macros`` are those of the source, which may name another allocator."""

    def __init__(self, file: str, report: Report, macros: frozenset[str]) -> None:
        super().__init__(file, report)
        self._macros = macros

    def sets(self, setting: Setting, known: Known) -> None:
        """Know where memory is from."""
        known.facts.pop(("memory", setting.name), None)
        value = setting.value
        origin = family(value.name) if value is not None and is_allocation(value.name) else None
        if value is not None and origin is not None and value.name not in self._macros:
            known.facts["memory", setting.name] = Allocated(origin, value.name, value.line)

    def calls(self, call: Call, known: Known) -> None:
        """Report memory that is released to another allocator."""
        match = _RELEASE.fullmatch(call.name)
        if match is None or not call.arguments or call.name in self._macros:
            return
        name = variable(call.arguments[0])
        found = known.facts.pop(("memory", name), None)
        if found is not None and found.family != family(call.name):
            message = f"`{name}` is released by {call.name}, but is from {found.name}"
            related = (Place(self._file, found.line, f"from {found.name}"),)
            where = Place(self._file, call.line)
            self._report(Finding("refs-allocator", Level.ERROR, message, where, related))

    def uses(self, usage: Usage, known: Known) -> None:
        """Forget what may be set from elsewhere."""
        if usage.use is Use.ADDRESS:
            known.facts.pop(("memory", usage.name), None)


def is_allocation(name: str) -> bool:
    """Say whether a function allocates memory, or NULL."""
    return _ALLOCATE.fullmatch(name) is not None


def family(name: str) -> str | None:
    """Return the allocator that a function belongs to."""
    match = _ALLOCATE.fullmatch(name) or _RELEASE.fullmatch(name)
    return _FAMILIES[match.lastgroup] if match and match.lastgroup else None
