"""Traces of references, in the terminal: a block for each object that is out of balance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, TextIO

from wadjet.model.finding import Place


class Event(Protocol):
    """A reference that changes hands."""

    @property
    def place(self) -> Place:
        """Where."""

    @property
    def what(self) -> str:
        """What is done, in a word."""

    @property
    def count(self) -> int:
        """The object's references after it."""

    @property
    def change(self) -> int:
        """What the extension has more, or less."""


Life = tuple[str, int, int, Iterable[tuple[int, Sequence[Event]]]]
"""An object's type, how many are alike, what was kept, its events in folded parts."""


def show(lives: Iterable[Life], out: TextIO) -> None:
    """Write lives; the last column is the object's count after the event."""
    for name, alike, kept, parts in lives:
        many = f"{alike:,} objects of {name}, each" if alike > 1 else f"An object of {name}"
        print(f"{many}: {_balance(kept)}", file=out)
        for times, events in parts:
            for event in events:
                print(f"    {_line(event)}", file=out)
            if times > 1:
                lines = f"{len(events)} lines above" if len(events) > 1 else "line above"
                print(f"      and so {times - 1:,} times more, the {lines}", file=out)
        print(file=out)


def _balance(kept: int) -> str:
    number = abs(kept)
    plural = "" if number == 1 else "s"
    if kept > 0:
        return f"{number:,} reference{plural} kept"
    return f"{number:,} reference{plural} more given away than taken" if kept else "in balance"


def _line(event: Event) -> str:
    path = Path(event.place.file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    sign = "+" if event.change > 0 else "-"
    where = f"{path}:{event.place.line}"
    return f"{sign} {event.what:<8}  {where:<32} {event.place.label:<40} {event.count:>4}"
