#!/usr/bin/env python3
"""Answers what the build asks of the source tree.

``version`` prints the version, which is written once, in ``src/wadjet/__init__.py``;
``caches`` and ``objects`` print the folders and files below the package that are not part of
it: byte code, and extension modules that someone built in place. One a line.
"""

import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "wadjet"


def version() -> str:
    """Return the version; reading beats importing, which needs the dependencies."""
    text = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if found is None:
        sys.exit("src/wadjet/__init__.py has no line __version__ = ...")
    return found[1]


def caches() -> str:
    """Return the byte code folders, relative to the package."""
    return _below("__pycache__")


def objects() -> str:
    """Return the extension modules in the source tree, relative to the package."""
    return _below("*.so")


def _below(pattern: str) -> str:
    found = (path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob(pattern))
    return "\n".join(sorted(found))


if __name__ == "__main__":
    print({"version": version, "caches": caches, "objects": objects}[sys.argv[1]]())
