"""Snapshots of all objects of this process, as an ObjectGraph."""

from __future__ import annotations

from wadjet.observe.heap.taking import analyze, take, write

__all__ = ["analyze", "take", "write"]
