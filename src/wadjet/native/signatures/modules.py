"""The extension modules that a name stands for."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

from wadjet.errors import ImageError, NoInputError

STDLIB = "stdlib"
_NOT_MEANT = ("_test", "_xx", "xx", "nis", "antigravity", "_ctypes_test")


def extensions(name: str) -> list[str]:
    """Return the names of the extension modules of a module or package, or of ``stdlib``.

    Raises NoInputError where there is no such module, ImageError where it is all of Python.
    """
    if name == STDLIB:
        return list(_standard())
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError) as error:
        raise NoInputError(f"{name} cannot be found ({error})", "is it installed here?") from None
    if spec is None:
        raise NoInputError(f"there is no module {name}", "is it installed here?")
    found = [name] if _is_native(spec.origin) else []
    for folder in spec.submodule_search_locations or ():
        found += _below(Path(folder), name)
    found = found or list(_beside(name))
    if not found:
        raise ImageError(f"{name} is of Python: inspect knows its signatures already")
    return sorted(set(found))


def _is_native(origin: str | None) -> bool:
    return origin == "built-in" or (
        bool(origin) and str(origin).endswith(tuple(EXTENSION_SUFFIXES))
    )


def _below(folder: Path, name: str) -> Iterator[str]:
    for path in folder.rglob("*"):
        suffix = next((each for each in EXTENSION_SUFFIXES if path.name.endswith(each)), "")
        if suffix and path.is_file() and _has_start(path, path.name.removesuffix(suffix)):
            parts = path.relative_to(folder).parts
            yield ".".join((name, *parts[:-1], path.name.removesuffix(suffix)))


def _has_start(path: Path, name: str) -> bool:
    """Whether a library is a module of this name: others of a package are not for Python."""
    try:
        return f"PyInit_{name}".encode() in path.read_bytes()
    except OSError:
        return False


def _beside(name: str) -> Iterator[str]:
    """Yield the extension modules that were installed together with a package of Python."""
    for owner in packages_distributions().get(name, ()):
        for file in distribution(owner).files or ():
            suffix = next((each for each in EXTENSION_SUFFIXES if file.name.endswith(each)), "")
            if suffix and len(file.parts) == 1:
                yield file.name.removesuffix(suffix)


def _standard() -> Iterator[str]:
    folder = next((Path(each) for each in sys.path if each.endswith("lib-dynload")), None)
    files = [] if folder is None else [each.name.split(".")[0] for each in folder.glob("*.so")]
    for name in sorted({*sys.builtin_module_names, *files}):
        if not name.startswith(_NOT_MEANT):
            yield name
