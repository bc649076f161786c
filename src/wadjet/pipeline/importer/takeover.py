"""Makes the plain source of importlib what the interpreter runs when it imports.

The interpreter calls functions of its frozen importlib, and other modules hold its classes.
All of them stay what they are: each function is given the code that its own source, in the
standard library's folder, compiles to. So identities, locks, the interpreter's short way to
what is imported already, and tracebacks without importlib's frames are as before.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import source_hash
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from wadjet.errors import PycError, UnsupportedError
from wadjet.pipeline import pyc
from wadjet.pipeline.importer.edits import EDITS, edited
from wadjet.pipeline.importer.machinery import Machinery
from wadjet.pipeline.pyc import Check, cache_path, encoded
from wadjet.pipeline.source import Source, read
from wadjet.pipeline.writing import write

_PARTS = {"_bootstrap": "_frozen_importlib", "_bootstrap_external": "_frozen_importlib_external"}
_HOMES = frozenset({*_PARTS.values(), "importlib._bootstrap", "importlib._bootstrap_external"})
_NAME = "_wadjet"

Key = tuple[str, int]  # a function's qualified name and first line


@dataclass(frozen=True, slots=True)
class Takeover:
    """A change of the import system that can be undone."""

    machinery: Machinery
    swapped: tuple[tuple[FunctionType, CodeType], ...]

    def undo(self) -> None:
        """Give every function the code back that it had."""
        for function, code in self.swapped:
            function.__code__ = code
        del vars(sys.modules[_PARTS["_bootstrap_external"]])[_NAME]


def take_over(machinery: Machinery) -> Takeover:
    """Put the source of importlib in the place of the frozen one.

    Raises UnsupportedError where the two are not the same, or the source is not to be had.
    """
    if _NAME in vars(sys.modules[_PARTS["_bootstrap_external"]]):
        raise UnsupportedError("the import system has been taken over already", "undo that first")
    pairs: list[tuple[FunctionType, CodeType]] = []
    for part, name in _PARTS.items():
        pairs += _matched(sys.modules[name], _codes(part))
    old = tuple((function, function.__code__) for function, _ in pairs)
    setattr(sys.modules[_PARTS["_bootstrap_external"]], _NAME, machinery)
    for function, code in pairs:
        function.__code__ = code
    return Takeover(machinery, old)


def _codes(part: str) -> dict[Key, CodeType]:
    """Return the code of each function of a part of importlib, by way of its source."""
    source = _source(part)
    key = source_hash(f"{source.text}{EDITS}".encode())
    kept = cache_path(Path(__file__).with_name(f"{part}.py"), "", 0)
    module = _kept(kept, key) or _compiled(part, source)
    with suppress(OSError):  # a folder that may not be written to: compiled each time
        if not kept.exists():
            write(kept, encoded(module, Check.NEVER, key))
    return {(code.co_qualname, code.co_firstlineno): code for code in _below(module)}


def _kept(path: Path, key: bytes) -> CodeType | None:
    """Return the code that an earlier process kept; a stale file is removed."""
    try:
        found = pyc.read(path)
    except PycError:
        found = None
    if found is not None and found.key == key:
        return found.code
    with suppress(OSError):
        path.unlink(missing_ok=True)
    return None


def _compiled(part: str, source: Source) -> CodeType:
    if part == "_bootstrap_external":
        source = edited(source)
    return compile(source.text, f"<frozen importlib.{part}>", "exec", dont_inherit=True)


def _source(part: str) -> Source:
    folder = getattr(sys, "_stdlib_dir", None)
    if folder is None:
        raise UnsupportedError("this Python has no standard library on disk to import with")
    return read(Path(folder, "importlib", f"{part}.py"))


def _below(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _below(constant)


def _matched(
    module: ModuleType, codes: dict[Key, CodeType]
) -> Iterator[tuple[FunctionType, CodeType]]:
    """Yield each function of a frozen module with its code from source."""
    for function in functions(module):
        old = function.__code__
        new = codes.get((old.co_qualname, old.co_firstlineno))
        if new is None or new.co_freevars != old.co_freevars:
            raise UnsupportedError(
                f"{old.co_qualname} of the frozen importlib is not in its source",
                "this Python was built from other files than it has beside it",
            )
        yield function, new


def functions(module: ModuleType) -> Iterator[FunctionType]:
    """Yield every function that a module defines: in classes, properties and closures too."""
    home = vars(module)
    seen: set[int] = set()
    stack: list[object] = list(home.values())
    while stack:
        found = stack.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, FunctionType):
            if found.__globals__ is home:
                yield found
            stack += [cell.cell_contents for cell in found.__closure__ or ()]
        elif isinstance(found, type):
            stack += vars(found).values() if found.__module__ in _HOMES else ()
        elif isinstance(found, (classmethod, staticmethod)):
            stack.append(found.__func__)
        elif isinstance(found, property):
            stack += [found.fget, found.fset, found.fdel]
