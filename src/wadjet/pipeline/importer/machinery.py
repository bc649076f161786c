"""What the edited importlib calls: passes, and files that bear their tag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import CodeType
from typing import IO, Any

from wadjet.errors import PassError
from wadjet.pipeline.code import compiled, tag, written
from wadjet.pipeline.pyc import check_for, encoded, key_of
from wadjet.pipeline.unit import Pass

_TRIMMED = ("_call_with_frames_removed", "<frozen importlib._bootstrap_external>")
"""Frames of this name in this file are left out of tracebacks by the interpreter."""


class Machinery:
    """The compiler and the cache of an import system with passes.

    ``failures`` tells of modules that were imported without them, as a pass failed.
    """

    def __init__(self, passes: Sequence[Pass], *, strict: bool = False) -> None:
        self.passes = tuple(passes)
        self.strict = strict
        self.tag = tag(self.passes)
        self.failures: list[PassError] = []
        self.record = written(self.passes)
        self.compile = _untraced(self._compile)

    def _compile(
        self, data: Any, path: str, mode: str, *, optimize: int = -1, **options: Any
    ) -> CodeType:
        options.pop("dont_inherit", None)
        if not isinstance(data, (bytes, str)):  # a tree, from somebody's loader
            code: CodeType = compile(data, path, mode, dont_inherit=True, optimize=optimize)
            return code
        return compiled(
            path,
            data,
            self.passes,
            optimize=optimize,
            failed=self._fail if self.passes else None,
            **options,
        )

    def _fail(self, error: PassError) -> None:
        if self.strict:
            raise error
        self.failures.append(error)

    def classify(
        self, stock: Callable[..., int], data: bytes, name: str, details: dict[str, Any]
    ) -> int:
        """Return the flags of a .pyc; raises ImportError for one that other passes made."""
        flags = stock(data, name, details)
        if self.record.encode() not in data:
            raise ImportError(f"the bytecode of {name!r} is of other passes", **details)
        return flags

    def fresh(
        self, stock: Callable[..., bytes], data: bytes, code: CodeType, modified: float, size: int
    ) -> bytes:
        """Return the bytes of a .pyc for a source of this time.

        Files of the interpreter's own name are as it would write them.
        """
        if not self.tag:
            return stock(code, modified, size)
        check = check_for(modified)
        return encoded(code, check, key_of(check, data, modified))

    @staticmethod
    def write(file: IO[bytes], data: bytes) -> None:
        """Write all of it, or raise OSError."""
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]


def _untraced(function: Callable[..., CodeType]) -> Callable[..., CodeType]:
    """Return a function whose errors look as though the compiler itself had raised them."""

    def call(*arguments: Any, **options: Any) -> CodeType:
        failure: BaseException
        try:
            return function(*arguments, **options)
        except BaseException as error:
            failure = error.with_traceback(None)
        try:
            raise failure
        finally:
            del failure  # which holds this frame

    name, path = _TRIMMED
    call.__code__ = call.__code__.replace(co_name=name, co_filename=path)
    return call
