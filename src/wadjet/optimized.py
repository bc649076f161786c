"""``import wadjet.optimized``: what is imported from now on goes through passes.

``WADJET_PASSES`` says which, as ``wadjet explain --passes`` takes them; without it they are
those of the nearest ``pyproject.toml``, or ``safe``. ``wadjet run -O`` imports this first.
"""

from __future__ import annotations

import atexit
import os
import sys

from wadjet.importer import install

installed = install(os.environ.get("WADJET_PASSES"))
"""What has been changed, and can be undone."""


def _tell() -> None:
    """Say what could not be optimized: it went on without."""
    for each in installed.machinery.failures:
        print(f"wadjet: {each}; imported without passes", file=sys.stderr)


atexit.register(_tell)
