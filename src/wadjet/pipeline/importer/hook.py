"""Passes by an import hook: for those who do not want to replace the machinery.

A finder before the usual ones loads source by way of the passes; all else, such as
``importlib.util.cache_from_source``, is as it was.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from pathlib import Path
from types import CodeType
from typing import Any

from wadjet.errors import PycError
from wadjet.pipeline.importer.machinery import Machinery
from wadjet.pipeline.pyc import cache_path, check_for, encoded, key_of, read
from wadjet.pipeline.writing import write


class _Loader(SourceFileLoader):
    """Loads source by way of passes, and keeps the code under their tag."""

    machinery: Machinery

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of a module, from its cache where that is of the same passes."""
        source = Path(self.get_filename(fullname))
        cache = cache_path(source, self.machinery.tag, sys.flags.optimize)
        data = self.get_data(str(source))
        modified = self.path_stats(str(source))["mtime"]
        return self._cached(cache, data, modified) or self._fresh(source, cache, data, modified)

    def _cached(self, cache: Path, data: bytes, modified: float) -> CodeType | None:
        try:
            found = read(cache)
        except PycError:
            return None
        if found.key != key_of(found.check, data, modified):
            return None
        return found.code if found.record == self.machinery.record else None

    def _fresh(self, source: Path, cache: Path, data: bytes, modified: float) -> CodeType:
        code = self.machinery.compile(data, str(source), "exec")
        check = check_for(modified)
        if not sys.dont_write_bytecode:
            with suppress(OSError):  # a folder that may not be written to
                write(cache, encoded(code, check, key_of(check, data, modified)))
        return code


@dataclass(frozen=True, slots=True)
class Hook:
    """A change of the import system that can be undone."""

    machinery: Machinery
    hook: Callable[[str], Any]

    def undo(self) -> None:
        """Take the hook away; what was imported stays."""
        sys.path_hooks.remove(self.hook)
        _forget()


def hook_in(machinery: Machinery) -> Hook:
    """Let source be found by a loader of ours first."""
    loader = type("Loader", (_Loader,), {"machinery": machinery})
    hook = FileFinder.path_hook(
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (loader, SOURCE_SUFFIXES),
        (SourcelessFileLoader, BYTECODE_SUFFIXES),
    )
    sys.path_hooks.insert(0, hook)
    _forget()
    return Hook(machinery, hook)


def _forget() -> None:
    """Let every folder be asked anew who finds in it."""
    sys.path_importer_cache.clear()
    importlib.invalidate_caches()
