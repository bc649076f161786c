"""``import wadjet.optimized``: what is imported from now on goes through passes.

So does the script, where it has not begun.

``WADJET_PASSES`` says which, as ``wadjet explain --passes`` takes them; without it they are
those of the nearest ``pyproject.toml``, or ``safe``. ``wadjet run -O`` imports this first.
"""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress

from wadjet.errors import UnsupportedError
from wadjet.importer import install
from wadjet.pipeline.importer.script import optimize_script

installed = install(os.environ.get("WADJET_PASSES"))
"""What has been changed, and can be undone."""


with suppress(UnsupportedError):
    optimize_script(installed.machinery)


def _tell() -> None:
    """Say what could not be optimized: it went on without."""
    for each in installed.machinery.failures:
        print(f"wadjet: {each}; imported without passes", file=sys.stderr)


atexit.register(_tell)
