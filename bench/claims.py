"""The claims of ``claims.toml``: what is promised, what was published, and the limit."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FILE = Path(__file__).with_name("claims.toml")


@dataclass(frozen=True, slots=True)
class Claim:
    """A promise that a benchmark checks: its figure is at most, or at least, ``floor``.

    ``published`` is the figure of the last published run, None before the first.
    """

    id: str
    text: str
    bench: str
    unit: str
    sense: Literal["at most", "at least"]
    floor: float
    published: float | None = None

    def holds(self, figure: float) -> bool:
        """Tell whether a figure keeps the promise; NaN never does."""
        if math.isnan(figure):
            return False
        return figure <= self.floor if self.sense == "at most" else figure >= self.floor


def load(path: Path = FILE) -> tuple[Claim, ...]:
    """Return the claims; TypeError or ValueError if an entry is not well formed."""
    claims = tuple(Claim(**entry) for entry in tomllib.loads(path.read_text())["claim"])
    if len({claim.id for claim in claims}) != len(claims):
        raise ValueError(f"{path} gives two claims the same id")
    return claims


def publish(figures: Mapping[str, float], path: Path = FILE) -> None:
    """Write the published figures into the file, and leave all else as it is."""
    blocks = re.split(r"(?m)^(?=\[\[claim\]\])", path.read_text())
    path.write_text("".join(_publish(block, figures) for block in blocks))


def _publish(block: str, figures: Mapping[str, float]) -> str:
    found = re.search(r'(?m)^id = "(.*)"$', block)
    if not found or found[1] not in figures:
        return block
    line = f"published = {figures[found[1]]:.4g}\n"
    if "\npublished = " in block:
        return re.sub(r"(?m)^published = .*\n", line, block)
    return re.sub(r"(?m)^(floor = .*\n)", rf"\g<1>{line}", block)
