"""Arithmetic on whole columns of integers; ``vectors`` says what each function means.

In C where the core is built, some twenty times as fast, else in Python.
"""

from __future__ import annotations

try:
    from wadjet.model._columns import (
        accumulated,
        descend,
        differences,
        divide,
        extremes,
        falls,
        fuse,
        gather,
        group,
        is_tree,
        nearest,
        pick,
        planes,
        preorder,
        rank,
        scatter,
        sort,
        tally,
    )
except ImportError:
    from wadjet.model.vectors import (
        accumulated,
        descend,
        differences,
        divide,
        extremes,
        falls,
        fuse,
        gather,
        group,
        is_tree,
        nearest,
        pick,
        planes,
        preorder,
        rank,
        scatter,
        sort,
        tally,
    )

__all__ = (
    "accumulated",
    "descend",
    "differences",
    "divide",
    "extremes",
    "falls",
    "fuse",
    "gather",
    "group",
    "is_tree",
    "nearest",
    "pick",
    "planes",
    "preorder",
    "rank",
    "scatter",
    "sort",
    "tally",
)
