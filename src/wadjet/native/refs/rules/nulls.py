"""Results of allocations that are used without a look whether they are NULL."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wadjet.model.finding import Finding, Level, Place
from wadjet.native.csource.trees import bare, line, text, variable
from wadjet.native.refs.rules.calls import Call, read
from wadjet.native.refs.rules.events import Rule, Setting, Usage, Use
from wadjet.native.refs.rules.known import Known
from wadjet.native.refs.rules.memory import is_allocation

_CACHED = range(-5, 257)
_CHECKS = re.compile(
    r"assert|PyObject_(?:Init|InitVar|INIT|INIT_VAR)|Py(?:Callable|Number|Mapping)_Check"
)
"""What NULL may be given to, and tells."""


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A result that nobody has compared with NULL."""

    name: str
    line: int


class Nulls(Rule):
    """The rule."""

    def sets(self, setting: Setting, known: Known) -> None:
        """Know the result of an allocation that is not tested where it stands."""
        known.facts.pop(("null", setting.name), None)
        value = setting.value
        if value is not None and not setting.tested and _may_fail(value):
            known.facts["null", setting.name] = Unchecked(value.name, value.line)

    def calls(self, call: Call, known: Known) -> None:
        """Report what the call does not bear; an own macro may be a check of anything."""
        if call.name == "PyErr_Occurred" or call.is_macro:
            known.facts = {key: each for key, each in known.facts.items() if key[0] != "null"}
        for number, each in enumerate(call.arguments):
            inner = bare(each)
            name = variable(inner)
            if call.needs(number) and name:
                self._report_use(name, call.line, f"passed to {call.name}", known)
            elif call.needs(number) and inner.type == "call_expression":
                self._nested(read(inner, frozenset()), call)
            elif _CHECKS.fullmatch(call.name) or call.bears(number):
                known.facts.pop(("null", name), None)

    def _nested(self, inner: Call, call: Call) -> None:
        if _may_fail(inner):
            message = f"the result of {inner.name} is passed to {call.name} unchecked"
            self._say(f"{message}; it is NULL where that fails", call.line, ())

    def uses(self, usage: Usage, known: Known) -> None:
        """Report a look into it; any other use may be the check."""
        if usage.use is Use.POINTER:
            self._report_use(usage.name, line(usage.node), "looked into", known)
        known.facts.pop(("null", usage.name), None)

    def _report_use(self, name: str, place: int, how: str, known: Known) -> None:
        found = known.facts.pop(("null", name), None)
        if found is not None:
            message = f"`{name}` is {how} unchecked; {found.name} returns NULL where it fails"
            self._say(message, place, (Place(self._file, found.line, f"from {found.name}"),))

    def _say(self, message: str, place: int, related: tuple[Place, ...]) -> None:
        where = Place(self._file, place)
        self._report(Finding("refs-null", Level.WARNING, message, where, related))


def _may_fail(call: Call) -> bool:
    if is_allocation(call.name) and not call.is_macro:
        return True
    if call.fact is None or call.fact.result != "new" or "nonnull" in call.fact.traits:
        return False
    if call.name in ("PyLong_FromLong", "PyLong_FromSsize_t", "PyTuple_New") and call.arguments:
        shown = text(bare(call.arguments[0])).replace(" ", "")
        digits = shown.removeprefix("-").isdecimal()
        least = 0 if call.name == "PyTuple_New" else 256
        return not (digits and int(shown) in _CACHED and int(shown) <= least)
    return True
