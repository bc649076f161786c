"""What holds the house together and no linter can check. ARCHITECTURE.md says why."""

from __future__ import annotations

import ast
import importlib
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from wadjet import errors
from wadjet.cli.table import COMMANDS, Command

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "wadjet"
PYTHON = sorted(
    path
    for folder in ("src", "tools", "bench", "examples")
    for path in (ROOT / folder).rglob("*.py")
)
C = sorted(
    path for folder in ("core", "src/wadjet/compiler") for path in (ROOT / folder).rglob("*.[ch]")
)

WEB = sorted(path for path in PACKAGE.rglob("*") if path.suffix in (".js", ".css"))

DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc", "manager", "stuff", "tools"}
VERSION_HOMES = {
    "src/wadjet/target/behavior.py",
    "core/base/compat.h",
    "core/base/compat_heap.h",
}


class Limit(NamedTuple):
    """Lines: more than ``soft`` is reported, more than ``hard`` fails."""

    soft: int
    hard: int


PYTHON_FILE, PYTHON_FUNCTION = Limit(300, 500), Limit(25, 60)
C_FILE, C_FUNCTION = Limit(500, 800), Limit(40, 80)

# What may be longer, each with its reason.
EXCEPTIONS: dict[str, str] = {}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def extensions() -> dict[str, str]:
    """The rows of core/meson.build: module name to the package that owns it."""
    table = (ROOT / "core" / "meson.build").read_text()
    places = re.findall(r"^  '([\w/]+)':", table, re.MULTILINE)
    return {place.replace("/", "."): ".".join(place.split("/")[:-1]) for place in places}


def imports(path: Path) -> Iterator[str]:
    """Every name that the file imports, absolute, with the names taken from each module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name(path)}:{node.lineno} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def python_functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{name(path)}:{node.name}", node.end_lineno - node.lineno + 1


def c_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Functions as clang-format lays them out: their braces stand in the first column."""
    lines = path.read_text().splitlines()
    start = 0
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start:
            head = " ".join(lines[max(0, start - 8) : start])
            called = re.findall(r"(\w+)\(", head)
            yield f"{name(path)}:{called[-1] if called else start}", number - start + 1
            start = 0


def too_long(sizes: Iterable[tuple[str, int]], limit: Limit) -> list[str]:
    """Report what is over the soft limit; return what is over the hard one."""
    over = sorted(((lines, what) for what, lines in sizes if lines > limit.soft), reverse=True)
    if over:
        worst = ", ".join(f"{what} {lines}" for lines, what in over[:5])
        warnings.warn(f"{len(over)} over {limit.soft} lines, the longest: {worst}", stacklevel=2)
    return [
        f"{what} has {lines} lines, at most {limit.hard}"
        for lines, what in over
        if lines > limit.hard and what not in EXCEPTIONS
    ]


def lengths(paths: list[Path]) -> Iterator[tuple[str, int]]:
    return ((name(path), len(path.read_text().splitlines())) for path in paths)


@pytest.mark.filterwarnings("default")
def test_files_stay_short_enough_to_read() -> None:
    assert not too_long(lengths(PYTHON), PYTHON_FILE)
    assert not too_long(lengths(C), C_FILE)
    assert not too_long(lengths(WEB), PYTHON_FILE)


@pytest.mark.filterwarnings("default")
def test_functions_stay_short_enough_to_read() -> None:
    assert not too_long(
        (each for path in PYTHON for each in python_functions(path)), PYTHON_FUNCTION
    )
    assert not too_long((each for path in C for each in c_functions(path)), C_FUNCTION)


def test_every_exception_from_the_sizes_is_still_needed() -> None:
    sizes = dict(lengths(PYTHON + C))
    sizes |= dict(each for path in PYTHON for each in python_functions(path))
    sizes |= dict(each for path in C for each in c_functions(path))
    for what in EXCEPTIONS:
        python = ".py" in what
        file, function = (PYTHON_FILE, PYTHON_FUNCTION) if python else (C_FILE, C_FUNCTION)
        limit = function if ":" in what else file
        assert sizes[what] > limit.hard, f"{what} no longer needs to be an exception"


def test_an_extension_module_is_imported_only_by_its_own_subsystem() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        package = ".".join(path.relative_to(PACKAGE).parent.parts)
        for module in imports(path):
            owner = extensions().get(module.removeprefix("wadjet."))
            assert owner is None or owner == package, f"{name(path)} imports {module}"


def test_versions_are_asked_for_in_one_place_of_each_language() -> None:
    ask = re.compile(r"\bPY_(VERSION_HEX|M\w+_VERSION)\b")
    asking = {name(path) for path in C if ask.search(path.read_text())}
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        asked = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        if asked & {"sys.version_info", "sys.hexversion"}:
            asking.add(name(path))
    assert asking <= VERSION_HOMES


def test_there_is_no_junk_drawer() -> None:
    inside = [*PACKAGE.rglob("*"), *(ROOT / "core").rglob("*")]
    assert not [name(path) for path in inside if path.stem.strip("_") in DRAWERS]


def test_the_package_imports_nothing_that_is_not_installed_with_it() -> None:
    for path in PACKAGE.rglob("*.py"):
        outside = {"tests", "tools", "bench", "examples"} & {i.split(".")[0] for i in imports(path)}
        assert not outside, f"{name(path)} imports {outside}"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_a_module_with_help_that_teaches(command: Command) -> None:
    from wadjet.cli.parser import parser

    assert callable(importlib.import_module(command.module).run)
    text = parser(command).format_help()
    assert "examples:" in text
    assert f"wadjet {command.name} " in text.split("examples:")[1]


def test_every_command_module_is_in_the_table() -> None:
    support = {
        "__init__",
        "__main__",
        "fix",  # of `startup`
        "options",
        "output",
        "overview",
        "parser",
        "part",
        "program",
        "query",
        "table",
    }
    modules = {path.stem for path in (PACKAGE / "cli").glob("*.py")} - support
    assert modules == {command.name for command in COMMANDS}


def test_every_error_has_a_page_of_cause_and_cure() -> None:
    found = [each for each in vars(errors).values() if isinstance(each, type)]
    slugs = {each.slug for each in found if issubclass(each, errors.WadjetError)}
    pages = {page.stem for page in (ROOT / "docs" / "reference" / "errors").glob("*.md")}
    assert pages - {"index"} == slugs


def test_the_version_is_written_once() -> None:
    import wadjet

    homes = [ROOT / "pyproject.toml", ROOT / "meson.build", *PACKAGE.rglob("*.py")]
    assert [p for p in homes if f'"{wadjet.__version__}"' in p.read_text()] == [
        PACKAGE / "__init__.py"
    ]
