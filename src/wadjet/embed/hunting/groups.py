"""What was left behind, by the lines that made it, and which of it belongs to which."""

from __future__ import annotations

import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from wadjet.embed.hunting.makers import Maker, Makers
from wadjet.embed.hunting.pieces import Objects, Piece
from wadjet.model.units import size

_MOST_READ = 1 << 16  # bytes of a block in which pointers are looked for


@dataclass(slots=True)
class Group:
    """What one line has left behind; ``inner`` are addresses that others of it refer to."""

    maker: Maker
    pieces: list[Piece] = field(default_factory=list)
    inner: set[int] = field(default_factory=set)

    @property
    def sample(self) -> Piece | None:
        """An object of those, if there is any: one that keeps others of them."""
        objects = [each for each in self.pieces if each.type]
        return min(objects, key=lambda each: each.address in self.inner, default=None)

    def told(self, runs: int) -> str:
        """Return how much of what is left by each of so many runs."""
        kinds = Counter(each.type for each in self.pieces if each.type)
        amount = round(sum(each.block.size for each in self.pieces) / runs)
        objects = [f"{_number(count / runs)} {name}" for name, count in kinds.most_common()]
        text = ", ".join(objects)
        return f"{text} ({size(amount)})" if text else size(amount)


def gather(makers: Makers, pieces: Sequence[Piece], rounds: int) -> list[Group]:
    """Return what lines have left in each of so many rounds, objects first."""
    alike: defaultdict[tuple[Maker, str], list[Piece]] = defaultdict(list)
    for piece in pieces:
        maker = makers.of(piece)
        if maker is not None:
            alike[maker, piece.type].append(piece)
    groups: dict[Maker, Group] = {}
    for (maker, _), all_ in alike.items():
        if len({each.round for each in all_}) == rounds:
            groups.setdefault(maker, Group(maker)).pieces.extend(all_)
    return _merged(sorted(groups.values(), key=_vagueness))


def _vagueness(group: Group) -> tuple[bool, bool]:
    return group.sample is None, group.maker.native is None


def _merged(groups: Iterable[Group]) -> list[Group]:
    """Put memory without an object, or without a C function, to what the same line has made."""
    found: dict[Maker, Group] = {}
    for group in groups:
        alike = [each for each in found.values() if each.maker.place == group.maker.place]
        if alike and any(_vagueness(group)):
            alike[0].pieces += group.pieces
        else:
            found[group.maker] = group
    return list(found.values())


def owners(groups: Sequence[Group]) -> dict[int, Group]:
    """Return for groups, by their ids, another to whose objects all of theirs belong."""
    pointed = _pointed(groups)
    found: dict[int, Group] = {}
    for group in groups:
        mine = {each.address for each in group.pieces}
        group.inner = mine & pointed[id(group)]
        tops = mine - group.inner
        for owner in groups:
            belongs = owner is not group and tops and tops <= pointed[id(owner)]
            if belongs and not _leads(found, owner, group):
                found[id(group)] = owner
                break
    return found


def _leads(owners: dict[int, Group], group: Group, to: Group) -> bool:
    while id(group) in owners:
        group = owners[id(group)]
        if group is to:
            return True
    return False


def _pointed(groups: Sequence[Group]) -> dict[int, set[int]]:
    """Return for each group, by its id, the pieces to which words in its blocks point.

    The collector's own pointers lead to where blocks begin, which is not where its objects do.
    """
    starts = {piece.address for group in groups for piece in group.pieces}
    memory = Objects()
    found: dict[int, set[int]] = {id(group): set() for group in groups}
    for group in groups:
        for piece in group.pieces:
            length = min(piece.block.size, _MOST_READ) & ~7
            words = struct.iter_unpack("Q", memory.read(piece.block.address, length))
            found[id(group)] |= starts.intersection(word for (word,) in words)
    return found


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.1f}"
