"""``import wadjet.optimized``: what is imported from now on goes through passes.

``WADJET_PASSES`` says which, as ``wadjet explain --passes`` takes them; without it they are
those of the nearest ``pyproject.toml``, or ``safe``. ``wadjet run -O`` imports this first.
"""

from __future__ import annotations

import os

from wadjet.importer import install

installed = install(os.environ.get("WADJET_PASSES"))
"""What has been changed, and can be undone."""
