"""Which modules a program imports, read off its source and theirs; nothing is executed.

Followed are imports at a module's head, and in the program's own modules those of its
functions too. What else is imported is found at run time, as ever.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    FrozenImporter,
    ModuleSpec,
    PathFinder,
)
from pathlib import Path

from wadjet.errors import SourceError
from wadjet.pipeline.source import read


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the bundle, by the name that it is imported by.

    ``entry`` is where in the search path it was found, -1 if in a package; ``is_own`` says
    that it belongs to the program.
    """

    name: str
    file: Path
    entry: int
    is_package: bool
    is_own: bool
    is_extension: bool


def find(name: str, path: Sequence[str]) -> ModuleSpec | None:
    """Return how a module of a name with dots would be found; its packages are not imported.

    Each package is looked for by its last word, as finders do in the end: that of a namespace
    would ask for the package that it is in, by name.
    """
    where: Sequence[str] | None = path
    spec = None
    for part in name.split("."):
        if where is None:
            return None
        spec = PathFinder.find_spec(part, list(where))
        if spec is None:
            return None
        where = spec.submodule_search_locations
    return spec


def closure(first: ast.AST, package: str, path: Sequence[str], own: Path) -> Iterator[Module]:
    """Yield what a program imports, each once: modules below ``own`` are the program's.

    ``first`` is the program's tree, ``package`` the package that its relative imports are of.
    """
    waiting = [(name, True) for name in _imported(first, package, inside=True)]
    seen = set(sys.builtin_module_names)
    while waiting:
        name, _ = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if "." in name:
            waiting.append((name.rpartition(".")[0], False))
        found = _module(name, path, own)
        if found is None:
            continue
        yield found
        if not found.is_extension:
            package = name if found.is_package else name.rpartition(".")[0]
            tree = _tree(found.file)
            waiting += [(each, False) for each in _imported(tree, package, found.is_own)]


def _module(name: str, path: Sequence[str], own: Path) -> Module | None:
    """Return a module that has a file of its own, None for others."""
    if "." not in name and FrozenImporter.find_spec(name) is not None:
        return None
    spec = find(name, path)
    if spec is None or not spec.has_location or spec.origin is None:
        return None
    file = Path(spec.origin)
    extension = any(file.name.endswith(each) for each in EXTENSION_SUFFIXES)
    if not extension and file.suffix != ".py":
        return None
    is_package = spec.submodule_search_locations is not None
    folder = file.parent.parent if is_package else file.parent
    entry = -1 if "." in name else list(path).index(str(folder))
    installed = {"site-packages", "dist-packages", "lib-dynload"} & set(file.parts)
    is_own = file.is_relative_to(own) and not installed
    return Module(name, file, entry, is_package, is_own, extension)


def _tree(file: Path) -> ast.AST:
    try:
        return ast.parse(read(file).text)
    except (SourceError, SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])  # who imports it hears of it


def _imported(tree: ast.AST, package: str, inside: bool) -> Iterator[str]:
    """Yield the names of modules that a tree may import; ``inside`` its functions too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            if base:
                yield base
                yield from (f"{base}.{each.name}" for each in node.names if each.name != "*")
        elif inside or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _imported(node, package, inside)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])
