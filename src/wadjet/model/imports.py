"""What a recording of imports has: a frame for each module, and below it those of its stages.

>>> from wadjet.model.profile import Builder
>>> made = Builder([METRIC]).sample(["json json/__init__.py:0", f"find {STAGE}:0"], **{"import": 9})
>>> count(made.sample(["json json/__init__.py:0"], **{"import": 40}).build())
1
"""

from __future__ import annotations

from wadjet.model.profile import Metric, Profile

METRIC = Metric("import", "ns", "Import time")
"""Of a module: the time of its own statements. All of it was measured, nothing sampled."""

STAGE = "<import>"
"""The file of the functions that stand for what was done before a module ran."""


def is_recorded(profile: Profile) -> bool:
    """Say whether a recording is of imports."""
    return METRIC in profile.metrics


def count(profile: Profile) -> int:
    """Return how many modules were imported, or were tried to be."""
    return sum(function.file != STAGE for function in profile.tree.functions)
