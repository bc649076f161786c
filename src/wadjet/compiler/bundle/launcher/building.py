"""From a program to its executable."""

from __future__ import annotations

import ast
import marshal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType

from wadjet.compiler.bundle import machine_code
from wadjet.compiler.bundle.launcher.header import Bundle, Piece, Program, header
from wadjet.compiler.bundle.launcher.modules import Module, closure, find
from wadjet.compiler.bundle.launcher.state import Record, observe
from wadjet.errors import NoInputError, SourceError, UnsupportedError
from wadjet.pipeline.code import compiled
from wadjet.pipeline.source import read
from wadjet.pipeline.unit import Pass

_HERE = Path(__file__).parent
_SOURCES = ("main.c", "bundle.c", "collector.c", "dispositions.c", "ending.c", "late_math.c")
_FLAGS = (
    "-std=gnu11",
    "-O2",
    "-fno-plt",
    "-no-pie",
    "-Wl,-export-dynamic",
    "-Wl,-z,lazy",
    "-Wl,--strip-debug",
)

Shown = Callable[[Iterable[Module]], Iterable[Module]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is built: a script, or a module of a name; how its own code is compiled."""

    script: Path | None
    module: str | None = None
    options: tuple[str, ...] = ()
    passes: tuple[Pass, ...] = ()
    static: bool = True


@dataclass(frozen=True, slots=True)
class Built:
    """An executable: its bytes, how many modules are in it, and what it needs.

    ``library`` is the interpreter's where that is not in the executable; ``libc`` the oldest C
    library that it runs with, as ``glibc 2.34``.
    """

    data: bytes
    modules: int
    library: str
    libc: str
    record: Record

    @property
    def is_static(self) -> bool:
        """Whether the interpreter is in the executable."""
        return not self.library


def build(plan: Plan, shown: Shown = iter) -> Built:
    """Build the executable of a program; ``shown`` hears of each module that goes in.

    Raises NoInputError, SourceError and UnsupportedError.
    """
    include = machine_code.require_headers()
    record = observe(sys.executable, list(plan.options))
    program, modules = _program(plan, record)
    with TemporaryDirectory(prefix="wadjet-launcher-") as name:
        folder, bundle = Path(name), Bundle()
        pieces = [(each, _code(each, plan, record)) for each in shown(modules)]
        tables = header(record, program, pieces, _at_start(record, program), _later(record), bundle)
        Path(folder, "recorded.h").write_text(tables)
        Path(folder, "bundle.bin").write_bytes(bundle.data)
        flags = [*_FLAGS, f"-I{folder}", f"-I{include}", f"-I{_HERE}", "-o", "made"]
        sources = [str(_HERE / each) for each in _SOURCES]
        library = _linked([*flags, *sources], folder, static=plan.static)
        made = Path(folder, "made")
        libc = machine_code.libc_of(made)
        return Built(made.read_bytes(), len(pieces), library, libc, record)


def _linked(words: list[str], folder: Path, *, static: bool) -> str:
    """Compile and link; return the library that the interpreter is in, "" for the executable.

    An archive that cannot be linked with is none: some lack what their modules need.
    """
    for way in machine_code.interpreters(static=static):
        try:
            machine_code.compile_and_link([*words, *way.words], folder)
        except UnsupportedError:
            if way.library:
                raise
            continue
        return way.library
    raise UnsupportedError(
        "this Python has neither an archive nor a library to link with",
        "install its development files (libpython3-dev), or build it with --enable-shared",
    )


def _program(plan: Plan, record: Record) -> tuple[Program, list[Module]]:
    path = list(record.path)
    if plan.script is not None:
        script = plan.script.absolute()
        folder = script.resolve().parent
        source = _source(script)
        first = None if record.isolated or record.is_safe else str(folder)
        search = path if first is None else [first, *path]
        code = marshal.dumps(_compiled(str(script), source, plan, record, own=True))
        program = Program((*plan.options, str(script)), str(script), first, code)
        modules = closure(ast.parse(source), "", search, folder)
        return program, list(modules)
    return _of_module(plan, record, path)


def _of_module(plan: Plan, record: Record, path: list[str]) -> tuple[Program, list[Module]]:
    """Return what ``-m`` runs: a module, or the ``__main__`` of a package."""
    here = str(Path.cwd())
    name = plan.module or ""
    search = path if record.isolated else [here, *path]
    spec = find(name, search)
    if spec is not None and spec.submodule_search_locations is not None:
        name = f"{name}.__main__"
        spec = find(name, search)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise NoInputError(f"there is no module {plan.module} to run", "see that it is installed")
    source = Path(spec.origin)
    own = source.parent
    first = ast.parse(f"import {name}, runpy")
    program = Program((*plan.options, "-m", plan.module or ""), None, None, b"")
    return program, list(closure(first, "", search, own))


def _source(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NoInputError(f"cannot read {path} ({error.strerror})", "name a script") from None


def _compiled(path: str, data: bytes, plan: Plan, record: Record, *, own: bool) -> CodeType:
    try:
        return compiled(path, data, plan.passes if own else (), optimize=record.optimize)
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) else ""
        raise SourceError(f"{path}{line}: {error.args[0]}") from None


def _code(module: Module, plan: Plan, record: Record) -> bytes:
    if module.is_extension:
        return b""
    data = module.file.read_bytes()
    return marshal.dumps(_compiled(str(module.file), data, plan, record, own=module.is_own))


def _at_start(record: Record, program: Program) -> list[Piece]:
    """Return what is imported before boot.py can tell where anything is."""
    pieces = [
        Piece(name, _frozen(Path(file), is_package, record), is_package)
        for name, file, is_package in record.modules
        if Path(file).suffix == ".py"
    ]
    boot = {**record.at_start, "script": program.script, "folder": program.folder}
    pieces.append(Piece("site", _boot(boot)))
    return pieces


def _frozen(file: Path, is_package: bool, record: Record) -> bytes:
    """Return a module's code; a package is told where other modules of it are."""
    tree = ast.parse(read(file).text)
    if is_package:
        documented = ast.get_docstring(tree, clean=False) is not None
        tree.body.insert(int(documented), ast.parse(f"__path__ = [{str(file.parent)!r}]").body[0])
    code = compile(tree, str(file), "exec", dont_inherit=True, optimize=record.optimize)
    return marshal.dumps(code)


def _boot(values: dict[str, object]) -> bytes:
    file = _HERE / "boot.py"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "RECORD":
            node.value = ast.parse(repr(values), mode="eval").body
    code = compile(
        ast.fix_missing_locations(tree), "<wadjet launcher>", "exec", dont_inherit=True, optimize=2
    )
    return marshal.dumps(code)


def _later(record: Record) -> list[Piece]:
    """Return ``site`` as programs import it: the real one, with what was recorded of it."""
    file = Path(record.stdlib, "site.py")
    tree = ast.parse(read(file).text)
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "not sys.flags.no_site":
            known = "\n".join(f"{key} = {value!r}" for key, value in record.site.items())
            node.body = ast.parse(known or "pass").body
    ast.fix_missing_locations(tree)
    code = compile(tree, "<frozen site>", "exec", dont_inherit=True, optimize=record.optimize)
    return [Piece("site", marshal.dumps(code))]
