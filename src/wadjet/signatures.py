"""Signatures for C functions: ``inspect.signature`` and ``help`` know them from now on.

>>> from wadjet import signatures
>>> signatures.install("zlib")  # doctest: +SKIP
>>> inspect.signature(zlib.compressobj().copy)  # doctest: +SKIP
<Signature ()>

They are read from machine code once, which takes the extra ``native``, and kept in the cache;
a module that was seen before gets them in microseconds.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
from types import ModuleType

from wadjet.errors import WadjetError
from wadjet.native.signatures.decoder import require_decoder
from wadjet.native.signatures.modules import extensions
from wadjet.native.signatures.retrofit import give
from wadjet.target.behavior import require_native

__all__ = ["Finder", "give", "install"]


def install(*names: str) -> int:
    """Give the C callables of modules and packages signatures; return how many.

    Modules that are not imported yet are imported. Without a name, every extension module gets
    them when it is imported from now on, and those that are there get them at once.

    Raises NoInputError for a module that there is not, ImageError for one that is all of
    Python, MissingExtraError where machine code cannot be read, UnsupportedError on an
    interpreter or a machine that Wadjet's core was not built for.
    """
    require_native()
    if not names:
        return _everywhere()
    modules = [each for name in names for each in extensions(name)]
    return sum(give(import_module(each)) for each in dict.fromkeys(modules))


def _everywhere() -> int:
    require_decoder()  # while nothing that it imports is found by us
    finder = next((each for each in sys.meta_path if isinstance(each, Finder)), None)
    if finder is None:
        finder = Finder()
        sys.meta_path.insert(0, finder)
    loaded = [each for each in list(sys.modules.values()) if isinstance(each, ModuleType)]
    return sum(map(finder.given, loaded))


class Finder:
    """Finds extension modules as Python does, and has signatures given to them."""

    failures: list[str]
    """What could not be given signatures, and why; the import went on without."""

    def __init__(self) -> None:
        self.failures = []
        self._waiting: list[ModuleType] = []
        self._busy = False

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how an extension module is loaded, None for any other."""
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not ExtensionFileLoader:
            return None
        spec.loader = _Loader(spec.loader, self)
        return spec

    def loaded(self, module: ModuleType) -> None:
        """Give a module that was loaded signatures, and those that doing so has loaded."""
        self._waiting.append(module)
        while self._waiting and not self._busy:
            self._busy = True
            try:
                self.given(self._waiting.pop())
            finally:
                self._busy = False

    def given(self, module: ModuleType) -> int:
        """Give a module signatures; return how many, none where that fails."""
        try:
            return give(module)
        except (WadjetError, OSError, ValueError) as error:
            self.failures.append(f"{module.__name__}: {error}")
            return 0


class _Loader(ExtensionFileLoader):
    def __init__(self, loader: ExtensionFileLoader, finder: Finder) -> None:
        super().__init__(loader.name, loader.path)
        self._finder = finder

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        self._finder.loaded(module)
