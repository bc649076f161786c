r"""From tree to code: what the compiler makes of a unit, and the record of its passes in it.

>>> code = compiled("a.py", b"x = 1", ())
>>> record(code) is None
True

The record is the last constant of a module's code, where nothing looks for it and every
Python carries it along:

>>> from wadjet.pipeline.unit import rewrites
>>> @rewrites(ast.Pow, name="nothing", version="1")
... def nothing(node: ast.Pow, facts: Facts) -> None:
...     "Do nothing."
>>> record(compiled("a.py", b"x = 1", (nothing,)))
'wadjet 1: nothing@1'
"""

from __future__ import annotations

import ast
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from types import CodeType
from typing import cast

from wadjet.errors import PassError
from wadjet.pipeline.passes import rewrite
from wadjet.pipeline.unit import Facts, Pass, signature

FORMAT = 1
"""Grows when what is written means something else: older files are then foreign."""

_MARK = "wadjet "


def written(passes: Sequence[Pass]) -> str:
    """Return the record of some passes, as people read it."""
    names = (f"{signature(each)}{f'({each.assumes})' if each.assumes else ''}" for each in passes)
    return f"{_MARK}{FORMAT}: {' '.join(names)}" if passes else ""


def tag(passes: Sequence[Pass]) -> str:
    """Return the word for a list of passes in names of files; empty for none."""
    return tag_of(written(passes))


def tag_of(text: str) -> str:
    """Return the tag that belongs to a record."""
    return f"x{blake2b(text.encode(), digest_size=6).hexdigest()}" if text else ""


def record(code: CodeType) -> str | None:
    """Return the record of the passes that a module's code has been through."""
    last = code.co_consts[-1] if code.co_consts else None
    return last if isinstance(last, str) and last.startswith(_MARK) else None


def compiled(
    path: str,
    data: bytes | str,
    passes: Sequence[Pass],
    *,
    optimize: int = -1,
    failed: Callable[[PassError], None] | None = None,
    **options: object,
) -> CodeType:
    """Compile a module's source as ``compile`` does, by way of some passes.

    Whatever the compiler says of the source itself (SyntaxError, ValueError, warnings) is
    what it says without passes. Source that is nested too deeply for a tree of Python
    objects is compiled without. Where a pass fails, ``failed`` is told, and if it returns the
    source is compiled without; raises PassError if there is nobody to tell.
    """
    code = _optimized(path, data, passes, optimize, options, failed) if passes else None
    return _compile(data, path, optimize, options) if code is None else code


def _optimized(
    path: str,
    data: bytes | str,
    passes: Sequence[Pass],
    optimize: int,
    options: dict[str, object],
    failed: Callable[[PassError], None] | None,
) -> CodeType | None:
    """Return the code by way of passes, or None where it is to be compiled without."""
    try:
        with _undisturbed():
            code = _by_way_of(passes, data, path, optimize, options)
    except RecursionError:
        return None
    except PassError as error:
        if failed is None:
            raise
        failed(error)
        return None
    return code.replace(co_consts=(*code.co_consts, written(passes)))


def _compile(data: object, path: str, optimize: int, options: dict[str, object]) -> CodeType:
    return compile(data, path, "exec", dont_inherit=True, optimize=optimize, **options)  # type: ignore[call-overload, no-any-return]


def _by_way_of(
    passes: Sequence[Pass], data: bytes | str, path: str, optimize: int, options: dict[str, object]
) -> CodeType:
    """Compile what the passes make of the source; raises PassError where it is no program."""
    read = _compile(data, path, optimize, {**options, "flags": ast.PyCF_ONLY_AST})
    tree = cast(ast.Module, read)
    facts = Facts(path, tree, optimize)
    tree = rewrite(tree, passes, facts)
    facts.forget()
    try:
        return _compile(tree, path, optimize, options)
    except (TypeError, ValueError, SyntaxError) as error:
        why = str(error)
    _compile(data, path, optimize, options)  # where the source itself is wrong, it says so here
    who = passes[-1].name if len(passes) == 1 else _culprit(passes, data, path)
    raise PassError(f"the pass {who} made of {path} what is no program ({why})")


def _culprit(passes: Sequence[Pass], data: bytes | str, path: str) -> str:
    """Return the name of the first pass after which a source can no longer be compiled."""
    for count in range(1, len(passes)):
        try:
            _by_way_of(passes[count - 1 : count], data, path, -1, {})
        except PassError:
            return passes[count - 1].name
    return passes[-1].name


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the collector from running over a tree again and again while it grows.

    A tree has no garbage, and holds it up by a factor of four.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
