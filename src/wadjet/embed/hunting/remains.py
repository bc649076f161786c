"""What repeated runs of a test leave behind: the lines that made it, the types, who has it.

Every block of memory is watched, and `tracemalloc` knows which line made the object in it:
an object may lie in a block that another line asked for, which the interpreter has kept. What
was made in a round and is still there when all rounds and one more run are over was left
behind; a line that left something in each round leaks.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from wadjet.embed.hunting.census import settle
from wadjet.embed.hunting.groups import Group, gather, owners
from wadjet.embed.hunting.holders import Holders
from wadjet.embed.hunting.makers import Makers
from wadjet.embed.hunting.pieces import Objects, Piece, lines
from wadjet.errors import UnsupportedError
from wadjet.model.finding import Finding, Level, Place

if TYPE_CHECKING:
    from wadjet.observe.memory.blocks import Blocks

Repeat: TypeAlias = Callable[[], bool]
"""Runs a test once more; False if it did not pass."""

ROUNDS, TURNS = 4, 2
"""Rounds in each of which a line leaves something, and runs of a round."""

_FRAMES = 25


class Remains(NamedTuple):
    """What was found.

    ``is_explained`` says whether lines are known that leave something, be it in a cache;
    ``sees_c`` whether what C asks for by itself was watched.
    """

    findings: list[Finding]
    is_explained: bool
    sees_c: bool


def remains(test: Place, repeat: Repeat) -> Remains:
    """Run a test again and again, and return findings about what it leaves behind.

    Raises BusyError where memory is watched already, UnsupportedError where it cannot be.
    """
    with _traced():
        blocks = _blocks()
        pieces = list(_left(_looks(blocks, repeat)))
    groups = gather(Makers(blocks, test.file), pieces, ROUNDS)
    blocks.close()
    belongs = owners(groups)
    holders = Holders(piece.address for group in groups for piece in group.pieces)
    findings = [
        _finding(test, group, [part for part in groups if belongs.get(id(part)) is group], holders)
        for group in groups
        if id(group) not in belongs and not _is_cached(group, holders)
    ]
    return Remains(findings, is_explained=bool(groups), sees_c=blocks.sees_c)


@contextmanager
def _traced() -> Iterator[None]:
    """Have `tracemalloc` know who makes objects."""
    if tracemalloc.is_tracing():
        yield
        return
    tracemalloc.start(_FRAMES)
    try:
        yield
    finally:
        tracemalloc.stop()


def _blocks() -> Blocks:
    try:
        from wadjet.observe.memory.blocks import Blocks
    except ImportError as error:
        raise UnsupportedError(f"memory cannot be watched ({error})") from None
    return Blocks()


def _looks(blocks: Blocks, repeat: Repeat) -> list[bytes]:
    """Return what is there before the first round, after each, and after one run more."""
    try:
        return [_known(blocks, repeat, turns) for turns in (*[TURNS] * (ROUNDS + 1), 1)]
    finally:
        blocks.stop()


def _known(blocks: Blocks, repeat: Repeat, turns: int) -> bytes:
    for _ in range(turns):
        gc.collect()  # what others let go of is not to be used again for what the test makes
        repeat()
    settle()
    return blocks.live()


def _left(looks: Sequence[bytes]) -> Iterator[Piece]:
    """Yield what was new after each round, and is there when all is over."""
    from wadjet.observe.memory.blocks import unpack

    made: dict[tuple[int, int], int] = {}  # address and context: the round
    sets = [{(each.address, each.context) for each in unpack(look)} for look in looks[:-1]]
    for number, (before, now) in enumerate(pairwise(sets)):
        made |= dict.fromkeys(now - before, number)
    objects = Objects()
    for block in unpack(looks[-1]):
        number = made.get((block.address, block.context), -1)
        if number >= 0:
            yield Piece(block, number, lines(block.address), *objects.at(block))


def _is_cached(group: Group, holders: Holders) -> bool:
    sample = group.sample
    return sample is not None and holders.is_cached(sample.address)


def _finding(test: Place, group: Group, parts: Sequence[Group], holders: Holders) -> Finding:
    sample, place, native = group.sample, group.maker.place, group.maker.native
    who = f"; {holders.of(sample.address)}" if sample is not None else ""
    belonging = [
        Place(each.maker.place.file, each.maker.place.line, each.told(ROUNDS * TURNS))
        for each in parts
    ]
    return Finding(
        "refs-objects" if sample is not None else "refs-memory",
        Level.ERROR,
        f"{test.label} leaves {group.told(ROUNDS * TURNS)} behind each time it runs{who}",
        place,
        (*([native] if native is not None else []), *belonging, test),
    )
