r"""The reviewed list of imports that wait: a TOML file that people can read and keep.

>>> listed = Listed("9f86d081", ("import csv", "from .stock import Shelf"))
>>> print(written({"shop.sale": listed}, "python -m shop --help"))
# Imports that wait until somebody uses them. Proved with: python -m shop --help
<BLANKLINE>
["shop.sale"]
source = "9f86d081"
imports = [
    "import csv",
    "from .stock import Shelf",
]
<BLANKLINE>

A module whose source is no longer the one that was looked at is imported as it is.
"""

from __future__ import annotations

import ast
import json
import marshal
import sys
import tomllib
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from importlib.machinery import PathFinder
from importlib.util import source_hash
from pathlib import Path
from types import CodeType
from typing import NamedTuple, TypeAlias

from wadjet.compiler.bundle.waiting import MayWait, made_to_wait, marked_lazy, may_wait
from wadjet.deferred import HEAD, kept_at, stamp
from wadjet.errors import OutputError, SourceError, WadjetError
from wadjet.pipeline.writing import write
from wadjet.target.behavior import LAZY_IMPORTS

_Prepared: TypeAlias = tuple[CodeType, dict[str, CodeType], dict[str, str]]


class Listed(NamedTuple):
    """A module of the list: the hash of its source, and its imports that wait."""

    source: str
    imports: tuple[str, ...]


def hash_of(data: bytes) -> str:
    """Return the word for a source in a list."""
    return blake2b(data, digest_size=8).hexdigest()


def written(modules: Mapping[str, Listed], command: str) -> str:
    """Return the text of a list."""
    lines = [f"# Imports that wait until somebody uses them. Proved with: {command}"]
    for name, (source, imports) in sorted(modules.items()):
        lines += ["", f"[{json.dumps(name)}]", f"source = {json.dumps(source)}", "imports = ["]
        lines += [f"    {json.dumps(each)}," for each in imports]
        lines.append("]")
    return "\n".join([*lines, ""])


def read(path: str) -> dict[str, Listed]:
    """Return the modules of a list; raises SourceError where that is none."""
    try:
        found = tomllib.loads(Path(path).read_bytes().decode())
    except OSError as error:
        raise SourceError(f"cannot read {path} ({error.strerror})") from None
    except ValueError as error:
        raise SourceError(f"{path} is no list of imports ({error})") from None
    return {name: _listed(path, name, row) for name, row in found.items()}


def _listed(path: str, name: str, row: object) -> Listed:
    match row:
        case {"source": str() as source, "imports": [*imports]} if all(
            isinstance(each, str) for each in imports
        ):
            return Listed(source, tuple(imports))
    raise SourceError(f"{path} is no list of imports ({name} lacks `source` or `imports`)")


def keep(path: str, script: str, *folders: str) -> None:
    """Compile a list for this Python, and keep it.

    ``script`` is the file of ``__main__``; other modules are looked for in the folders. Tells
    people of modules that are not what the list says. Raises SourceError and OutputError.
    """
    rows = {}
    listed, when = read(path), stamp(path)
    for name, each in listed.items():
        place = script if name == "__main__" else _place(name, list(folders))
        try:
            if place:
                rows[name] = _row(name, place, each)
        except (OSError, SyntaxError, ValueError) as error:
            print(f"wadjet: the imports of {name} do not wait: {error}", file=sys.stderr)
    kept = kept_at(path)
    try:
        write(Path(kept), HEAD + marshal.dumps((when, rows)))
    except OSError as error:
        raise OutputError(f"cannot write {kept} ({error.strerror})") from None


def main() -> None:
    """Keep a list as the command line says: for a program that is about to start."""
    try:
        keep(*sys.argv[1:])
    except WadjetError as error:
        sys.exit(f"wadjet: {error}: no import waits")


def _place(name: str, folders: list[str]) -> str | None:
    """Return the file of a module, which is not imported; nor are the packages around it."""
    within: Sequence[str] = folders
    spec = None
    for word in name.split("."):
        spec = PathFinder.find_spec(word, within)
        if spec is None:
            return None
        within = spec.submodule_search_locations or ()
    return spec.origin if spec else None


def _row(name: str, path: str, listed: Listed) -> tuple[str, tuple[int, int], bytes, bytes]:
    """Return what is kept of a module: its place, when and what it was, its code.

    The code is without the listed imports. With it go the code of each of their statements, by
    the name it binds, and the submodules that it would have bound in their packages. Raises
    ValueError where the source is another, or has no such import.
    """
    when, data = stamp(path), Path(path).read_bytes()
    if hash_of(data) != listed.source:
        raise ValueError("its source has changed; run `wadjet lazy` again")
    tree = ast.parse(data, path)
    chosen = [each for each in candidates(tree, path) if each.text in listed.imports]
    missing = set(listed.imports).difference(each.text for each in chosen)
    if missing:
        raise ValueError(f"`{min(missing)}` is used by more than functions")
    if LAZY_IMPORTS:
        found: _Prepared = (_code(marked_lazy(tree, chosen), path), {}, {})
    else:
        package = name if Path(path).name == "__init__.py" else name.rpartition(".")[0]
        found = _waiting(tree, path, package, chosen)
    return path, when, source_hash(data), marshal.dumps(found)


def candidates(tree: ast.Module, path: str) -> list[MayWait]:
    """Return the imports of a file that may wait.

    Not those of a package that give the name of a submodule to something else: whoever imports
    the submodule binds that name as well, and the later one wins.
    """
    found = may_wait(tree)
    if Path(path).name != "__init__.py":
        return found
    folder = Path(path).parent
    return [
        each
        for each in found
        if each.text == f"from . import {each.name}" or not _is_module(folder / each.name)
    ]


def _is_module(path: Path) -> bool:
    return path.is_dir() or path.with_name(f"{path.name}.py").exists()


def _waiting(tree: ast.Module, path: str, package: str, chosen: list[MayWait]) -> _Prepared:
    children = {module: each.name for each in chosen for module in _with_parents(each, package)}
    made = made_to_wait(tree, chosen)
    statements = {
        name: _code(ast.Module([statement], []), path)
        for name, statement in made.statements.items()
    }
    return _code(made.tree, path), statements, children


def _with_parents(found: MayWait, package: str) -> list[str]:
    """Return all modules that an import would load, those around them too."""
    words = [module.split(".") for module in found.modules(package)]
    return [".".join(each[:end]) for each in words for end in range(2, len(each) + 1)]


def _code(tree: ast.Module, path: str) -> CodeType:
    made: CodeType = compile(tree, path, "exec", dont_inherit=True)
    return made
