"""Wadjet shows what a Python program costs, and then it mends it."""

from __future__ import annotations

__version__ = "0.1.0"
