r"""Mild treatments of a slow start: lines that are put into a script, and can be taken out again.

>>> text = "import json\nprint(json.dumps(1))\n"
>>> print(frozen_collector(text))
if __name__ == "__main__": import gc as _gc; _gc.disable()  # wadjet startup --fix
import json
if __name__ == "__main__": _gc.freeze(); _gc.enable()  # wadjet startup --fix
print(json.dumps(1))
<BLANKLINE>
>>> untreated(fast_exit(frozen_collector(text))) == text
True

A line of a `.pth` file is made a comment, and one again of those that it was:

>>> print(commented("/gone\nimport a\n", [1]), end="")
# wadjet startup --fix: /gone
import a
>>> uncommented(commented("/gone\nimport a\n", [1]))
'/gone\nimport a\n'
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container

MARK = "# wadjet startup --fix"
"""What each line of ours bears."""

_OFF = f'if __name__ == "__main__": import gc as _gc; _gc.disable()  {MARK}\n'
_ON = f'if __name__ == "__main__": _gc.freeze(); _gc.enable()  {MARK}\n'
_EXIT = f"""\
if __name__ == "__main__":  {MARK}
    import _thread, atexit, os, sys  {MARK}
    if not _thread._count() and not atexit._ncallbacks():  {MARK}
        try: sys.stdout.flush(), sys.stderr.flush()  {MARK}
        except (AttributeError, OSError, ValueError): pass  {MARK}
        else: os._exit(0)  {MARK}
"""
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # as the compiler has them
_COMMENT = f"{MARK}: "


def is_treated(text: str) -> bool:
    """Say whether a text has lines of ours."""
    return MARK in text


def frozen_collector(text: str) -> str | None:
    """Return a script that imports with the collector off, and on again for what comes later.

    What there is by then is left alone for good (`gc.freeze`). None for a script without
    imports at its head, or one that minds the collector itself. Raises SyntaxError.
    """
    tree = ast.parse(text)
    imports = [each for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
    late = [each for each in imports if not _is_future(each)]
    if not late or _names_collector(tree):
        return None
    lines = _LINES.findall(text)
    last = _end_of_line(tree, late[-1])
    lines.insert(last, _ON)
    if not lines[last - 1].endswith(("\r", "\n")):
        lines[last - 1] += "\n"
    lines.insert(late[0].lineno - 1, _OFF)
    return "".join(lines)


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _names_collector(tree: ast.Module) -> bool:
    return any(
        each.name == "gc"
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for each in node.names
    ) or any(isinstance(node, ast.ImportFrom) and node.module == "gc" for node in ast.walk(tree))


def _end_of_line(tree: ast.Module, statement: ast.stmt) -> int:
    """Return the last line of a statement, and of those that begin where it ends."""
    last = statement.end_lineno or statement.lineno
    for each in tree.body:
        if each.lineno == last:
            last = max(last, each.end_lineno or each.lineno)
    return last


def fast_exit(text: str) -> str:
    """Return a script that leaves the process at its end, without taking the interpreter down.

    As long as no thread runs and nothing is registered with `atexit`; who ends by `sys.exit`
    or an exception ends as before.
    """
    ended = text if not text or text.endswith(("\n", "\r")) else f"{text}\n"
    return ended + _EXIT


def untreated(text: str) -> str:
    """Return a script without the lines of ours."""
    return "".join(each for each in _LINES.findall(text) if not each.rstrip().endswith(MARK))


def commented(text: str, numbers: Container[int]) -> str:
    """Return a `.pth` file some of whose lines, from 1, are comments."""
    lines = enumerate(_LINES.findall(text), 1)
    return "".join(f"{_COMMENT}{each}" if n in numbers else each for n, each in lines)


def uncommented(text: str) -> str:
    """Return a `.pth` file with its lines as they were."""
    return "".join(each.removeprefix(_COMMENT) for each in _LINES.findall(text))
