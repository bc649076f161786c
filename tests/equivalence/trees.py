"""Sends files through trees and back: what comes of them is what the compiler makes of the text.

`python -m tests.equivalence.trees FOLDER ...` tries all files of some folders, and
`python -m tests.equivalence.trees --packages FOLDER` first gets what `packages.txt` names.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType
from zipfile import ZipFile

from rich.console import Console
from rich.progress import track

from wadjet.compiler.catalog import PASSES
from wadjet.pipeline.code import compiled, record, written
from wadjet.pipeline.transform import transform
from wadjet.pipeline.tree import copied
from wadjet.pipeline.unit import Facts, rewrites

HERE = Path(__file__).parent


@rewrites(ast.AST, name="nothing", version="1")
def nothing(node: ast.AST, facts: Facts) -> None:
    """Look at a module, and leave it."""


def difference(path: str, data: bytes) -> str:
    """Return what is wrong with what becomes of a file, empty if nothing is."""
    try:
        stock = _stock(path, data)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return _same_error(path, data, error)
    if stock != _stock(path, data):
        return ""  # it has a constant that equals nothing: nan
    if _without_record(compiled(path, data, (nothing,))) != stock:
        return "a tree that nobody changed compiles to something else"
    tree = ast.parse(data, path)
    if transform(tree, lambda _: None) is not tree:
        return "a transformation without changes made another tree"
    if compile(copied(tree), path, "exec", dont_inherit=True) != stock:
        return "a copy compiles to something else"
    try:
        made = compiled(path, data, PASSES)
    except Exception as error:
        return f"the passes fail: {type(error).__name__}: {error}"
    return "" if record(made) in (written(PASSES), None) else "its record is that of others"


def _stock(path: str, data: bytes) -> CodeType:
    return compile(data, path, "exec", dont_inherit=True)


def _without_record(code: CodeType) -> CodeType:
    """Return a code as it would be without the record; where it is too deep, it has none."""
    return code if record(code) is None else code.replace(co_consts=code.co_consts[:-1])


def _same_error(path: str, data: bytes, error: Exception) -> str:
    try:
        compiled(path, data, PASSES)
    except type(error) as other:
        return "" if other.args == error.args else f"the error is {other}, and {error} without"
    except Exception as other:
        return f"the error is {type(other).__name__}, and {type(error).__name__} without"
    return f"{type(error).__name__} is not raised"


def sources(folders: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield the Python files of some folders, and those in wheels there."""
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield str(path), path.read_bytes()
        for path in sorted(folder.rglob("*.whl")):
            with ZipFile(path) as wheel:
                for name in wheel.namelist():
                    if name.endswith(".py"):
                        yield f"{path.name}/{name}", wheel.read(name)


def get_packages(folder: Path) -> None:
    """Put the wheels that ``packages.txt`` names into a folder; those there stay."""
    wanted = HERE / "packages.txt"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    words = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
    for name in track(wanted.read_text().split(), "Downloading"):
        subprocess.run([*pip, *words, name], check=False, stderr=subprocess.DEVNULL)


def main() -> int:
    """Try all files; return 1 if any came out wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--packages", action="store_true", help="get packages into the first")
    args = parser.parse_args()
    if args.packages:
        get_packages(args.folders[0])
    console = Console()
    warnings.simplefilter("ignore")
    found = [*sources(args.folders)]
    wrong = 0
    for path, data in track(found, "Compiling", console=console):
        what = difference(path, data)
        if what:
            wrong += 1
            console.print(f"{path}: {what}", highlight=False)
    console.print(f"{len(found)} files, {wrong} of them came out wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
