"""Finding and Edit: what a check or a diagnosis has to say, where, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How much a finding matters."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; ``line`` is 1-based, 0 for the whole file."""

    file: str
    line: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace ``file``'s text between two (line, column) positions by ``text``."""

    file: str
    start: tuple[int, int]
    end: tuple[int, int]
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's word about a place.

    ``treatment`` names the command or the edit that mends it; ``weight`` orders findings
    of one level, in the share (0 to 1) of what was measured that the finding explains.
    """

    rule: str
    level: Level
    message: str
    place: Place | None = None
    related: tuple[Place, ...] = ()
    treatment: str = ""
    weight: float = 0.0
    fix: tuple[Edit, ...] = ()
