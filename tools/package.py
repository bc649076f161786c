#!/usr/bin/env python3
"""Answers what the build asks of the source tree.

``version`` prints the version, which is written once, in ``src/wadjet/__init__.py``;
``caches`` prints the folders below the package that are never installed, one a line.
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
    found = (path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("__pycache__"))
    return "\n".join(sorted(found))


if __name__ == "__main__":
    print({"version": version, "caches": caches}[sys.argv[1]]())
