"""``import wadjet.documented``: C functions get signatures when their module is imported.

``wadjet run --signatures`` imports this first.
"""

from __future__ import annotations

from wadjet.signatures import install

count = install()
"""How many callables got a signature at once."""
