"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# No test here asserts a speed, and a machine may be busy.
settings.register_profile("wadjet", deadline=None)
settings.load_profile("wadjet")
