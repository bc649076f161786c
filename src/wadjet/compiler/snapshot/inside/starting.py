"""What a restored interpreter runs: as the plain one would, from the words of its call."""

from __future__ import annotations

import os
import sys
from _frozen_importlib_external import SourceFileLoader

import _wadjet_snapshot as core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    Plan = tuple[Any, tuple[Any, ...], dict[str, Any] | None]
    """Code, or a function and its arguments; and globals for the code."""

_TELLING = frozenset(("-V", "-VV", "--version", "-h", "-?", "--help"))
_ZIPPED = b"PK\x05\x06"
"""What ends an archive of ZIP."""


def warm(order: dict[str, Any]) -> None:
    """Do once what every start does, so that its first time is in the image."""
    if order["keeps_commands"]:
        import linecache  # noqa: F401
    exec(compile("try:\n raise ValueError\nexcept ValueError:\n pass", "<string>", "exec"), {})
    print(end="", flush=True)
    sys.stderr.flush()


def plan(order: dict[str, Any], words: list[str]) -> Plan:
    """Return what to run: the image's own script, or what the words say."""
    if order["script"] is not None:
        return script(order, words)
    return _interpreter(order, words)


def script(order: dict[str, Any], arguments: list[str]) -> Plan:
    """Return the code of the image's script, in ``__main__``."""
    path = order["script"]
    return _code(order, _read(path), path, arguments, file=path)


def command(order: dict[str, Any], code: str, arguments: list[str]) -> Plan:
    """Return the code of a command, in ``__main__``."""
    found = _code(order, os.fsencode(code), "<string>", ["-c", *arguments])
    if order["keeps_commands"]:
        import linecache

        linecache._register_code(found[0], code, "<string>")  # type: ignore[attr-defined]
    return found


def cold(order: dict[str, Any], why: str) -> NoReturn:
    """Become the plain interpreter, with a line that says why."""
    words = sys.orig_argv
    if why:
        os.write(2, os.fsencode(f"wadjet: cold start of {words[0]}: {why}\n"))
    os.execve(order["python"], [*order["words"], *words[1:]], os.environ)


def _interpreter(order: dict[str, Any], words: list[str]) -> Plan:
    rest = words[1:]
    if not rest or rest[0] == "-":
        if os.isatty(0):
            cold(order, "")  # whoever types has time
        _path(order, "")
        return _from_input(_whole(0), rest or [""])
    option = rest[0][:2]
    if option == "-c":
        code, arguments = _attached(order, rest)
        _path(order, "")
        return command(order, code, arguments)
    if option == "-m":
        module, arguments = _attached(order, rest)
        _path(order, os.getcwd())
        sys.argv[:] = ["-m", *arguments]
        import runpy

        return runpy._run_module_as_main, (module,), None  # type: ignore[attr-defined]
    if option[:1] == "-":
        tells = rest[0] in _TELLING or rest[0].startswith("--help")
        cold(order, "" if tells else f"{rest[0]} is an option for the start of an interpreter")
    return _file(order, rest)


def _attached(order: dict[str, Any], rest: list[str]) -> tuple[str, list[str]]:
    """Return the value of -c or -m, which may be in the same word, and what follows."""
    if len(rest[0]) > 2:
        return rest[0][2:], rest[1:]
    if len(rest) < 2:
        cold(order, "")  # it has the words for that
    return rest[1], rest[2:]


def _file(order: dict[str, Any], rest: list[str]) -> Plan:
    path = rest[0]
    try:
        source = _read(path)
    except OSError:
        cold(order, "")  # a folder, or nothing: the interpreter knows what to do or to say
    if path.endswith(".pyc") or _ZIPPED in source[-65557:]:
        cold(order, "")
    _path(order, os.path.dirname(os.path.realpath(path)))
    whole = os.path.join(os.getcwd(), path.removeprefix("./"))
    return _code(order, source, whole, rest, file=whole)


def _path(order: dict[str, Any], folder: str) -> None:
    """Put a folder first on the path, unless a module there would have been the one imported."""
    if sys.flags.safe_path:
        return
    names = order["names"]
    if names:
        for each in core.names(os.fsencode(folder or ".")):
            if each.partition(".")[0] in names and _is_module(folder, each):
                cold(order, f"{os.path.join(folder, each)} comes before what was frozen")
    sys.path.insert(0, folder)


def _is_module(folder: str, name: str) -> bool:
    """Whether an import would find something of that name there, other than what was frozen."""
    module, found, suffix = name.partition(".")
    path = os.path.join(os.path.realpath(folder), name)
    if found:
        known = getattr(sys.modules.get(module), "__file__", None)
        return suffix.endswith(("py", "pyc", "so")) and path != known
    known = getattr(sys.modules.get(module), "__path__", None)
    return os.path.isdir(path) and path not in list(known or ())


def _read(path: str) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _whole(file)
    finally:
        os.close(file)


def _whole(file: int) -> bytes:
    pieces = []
    while piece := os.read(file, 1 << 18):
        pieces.append(piece)
    return b"".join(pieces)


def _code(
    order: dict[str, Any], source: bytes, name: str, arguments: list[str], file: str | None = None
) -> Plan:
    """Compile a source for ``__main__``; the plain interpreter tells what is wrong with one."""
    sys.argv[:] = arguments
    main = sys.modules["__main__"].__dict__
    if file is not None:
        main["__file__"] = file
        main["__cached__"] = None
        main["__loader__"] = SourceFileLoader("__main__", file)
    try:
        code = compile(source, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        if not order["frozen"]:
            raise
        cold(order, "")
    return code, (), main


def _from_input(source: bytes, arguments: list[str]) -> Plan:
    """Let the source be compiled outside of any frame: what was read cannot be read again."""
    sys.argv[:] = arguments
    return compile, (source, "<stdin>", "exec", 0, True), sys.modules["__main__"].__dict__
