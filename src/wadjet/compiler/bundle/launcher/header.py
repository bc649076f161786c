"""The tables of a launcher as C: recorded.h, and the bundle that they point into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wadjet.compiler.bundle.launcher.modules import Module
from wadjet.compiler.bundle.launcher.state import Record
from wadjet.compiler.bundle.machine_code import literal


@dataclass(frozen=True, slots=True)
class Piece:
    """Code of a module, marshalled; none for a module that is not to be found."""

    name: str
    code: bytes | None
    is_package: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """What the executable runs: ``words`` follow ``python`` on the command line.

    ``script`` is the path of a script and ``folder`` what comes first in its search path,
    None where a module is run.
    """

    words: tuple[str, ...]
    script: str | None
    folder: str | None
    code: bytes


class Bundle:
    """Pieces of code, one after another."""

    def __init__(self) -> None:
        self.data = bytearray()

    def add(self, piece: bytes) -> int:
        """Append a piece; return where it is."""
        self.data += bytes(-len(self.data) % 16)
        self.data += piece
        return len(self.data) - len(piece)


def text(value: str | None) -> str:
    """Return a C literal, or NULL."""
    return "NULL" if value is None else literal(value)


def header(
    record: Record,
    program: Program,
    modules: Sequence[tuple[Module, bytes]],
    start: Sequence[Piece],
    afterwards: Sequence[Piece],
    bundle: Bundle,
) -> str:
    """Return recorded.h, and put all code into the bundle."""
    landmark = Path(record.stdlib, "os.py")
    found = landmark.stat()
    script = bundle.add(program.code)
    lines = [
        "/* recorded.h: made by wadjet launcher. */",
        _define("EXECUTABLE", text(record.executable)),
        _define("BASE_EXECUTABLE", text(record.base_executable)),
        _define("PREFIX", text(record.prefix)),
        _define("EXEC_PREFIX", text(record.exec_prefix)),
        _define("BASE_PREFIX", text(record.base_prefix)),
        _define("BASE_EXEC_PREFIX", text(record.base_exec_prefix)),
        _define("PLATLIBDIR", text(record.platlibdir)),
        _define("STDLIB", text(record.stdlib)),
        _define("ENVIRONMENT_COUNTS", str(int(record.environment))),
        _define("LANDMARK_FILE", text(str(landmark))),
        _define("LANDMARK_MODIFIED", f"INT64_C({found.st_mtime_ns})"),
        _define("LANDMARK_BYTES", f"INT64_C({found.st_size})"),
        _define("SCRIPT", f"((const char *){text(program.script)})"),
        _define("SCRIPT_OFFSET", str(script)),
        _define("SCRIPT_SIZE", str(len(program.code))),
        _table("char *const COMMAND[]", map(text, (record.executable, *program.words))),
        _table("char *const SEARCH_PATH[]", map(text, record.path)),
        _define("MODULE_COUNT", str(len(modules))),
        _table("struct module MODULES[]", _modules(modules, bundle)),
        _table("struct _frozen AT_START[]", _frozen(start, bundle)),
        _table("struct _frozen AFTERWARDS[]", _frozen(afterwards, bundle)),
    ]
    return "\n".join(lines)


def _define(name: str, value: str) -> str:
    return f"#define {name} {value}"


def _table(declared: str, rows: Iterable[str]) -> str:
    return (
        f"static const {declared} __attribute__((unused)) = {{\n    "
        + ",\n    ".join(rows)
        + "\n};"
    )


def _modules(modules: Sequence[tuple[Module, bytes]], bundle: Bundle) -> Iterable[str]:
    for module, code in sorted(modules, key=lambda each: each[0].name.encode()):
        now = module.file.stat()
        flags = (module.is_package, module.is_own, module.is_extension)
        fields = (
            text(module.name),
            text(str(module.file)),
            str(module.entry),
            *("true" if each else "false" for each in flags),
            f"INT64_C({now.st_mtime_ns})",
            f"INT64_C({now.st_size})",
            str(bundle.add(code)),
            str(len(code)),
        )
        yield f"{{{', '.join(fields)}}}"
    yield "{NULL}"


def _frozen(pieces: Sequence[Piece], bundle: Bundle) -> Iterable[str]:
    for each in pieces:
        if each.code is None:
            yield f"{{.name = {text(each.name)}}}"
            continue
        place = f"wadjet_bundle + {bundle.add(each.code)}"
        fields = f".name = {text(each.name)}, .code = {place}, .size = {len(each.code)}"
        yield f"{{{fields}, .is_package = {int(each.is_package)}}}"
    yield "{NULL}"
