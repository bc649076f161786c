"""What repeated runs of a test leave behind: the lines that made it, the types, who has it.

Every block of memory is watched, and `tracemalloc` knows which line made the object in it:
an object may lie in a block that another line asked for, which the interpreter has kept. What
was made in a round and is still there when all rounds and one more run are over was left
behind; a line that left something in each round leaks.
"""

from __future__ import annotations

import ctypes
import gc
import os
import re
import struct
import sys
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from wadjet.embed.census import settle, title
from wadjet.embed.holders import Holders
from wadjet.errors import UnsupportedError
from wadjet.model.finding import Finding, Level, Place
from wadjet.model.origin import is_library
from wadjet.model.units import size as shown_size
from wadjet.target.symbols import Symbolizer

if TYPE_CHECKING:
    from wadjet.observe.memory.blocks import Block, Blocks, Frame

Repeat: TypeAlias = Callable[[], bool]
"""Runs a test once more; False if it did not pass."""

ROUNDS, TURNS = 4, 2
"""Rounds in each of which a line leaves something, and runs of a round."""

_FRAMES = 25
_MOST_READ = 1 << 16  # bytes of a block in which pointers are looked for
_SHORT = 40  # bytes of a short str, which is less than the type says
_BEFORE = (0, 16, 32)  # bytes before an object, for the collector and its attributes
_HARNESS = re.compile(r"/(?:_pytest|pluggy|xdist|execnet|pytest_[a-z_]+)/|/pytest/__")
_OURS = str(Path(__file__).parent)
_WADJET = str(Path(__file__).parents[1])
_SYSTEM = re.compile(r"/(?:python[\d.]*t?d?|lib(?:python|c|stdc\+\+|pthread)[-.\d][^/]*|ld-[^/]*)$")


@dataclass(frozen=True, slots=True)
class Remains:
    """What was found.

    ``is_explained`` says whether lines are known that leave something, be it in a cache;
    ``sees_c`` whether what C asks for by itself was watched.
    """

    findings: list[Finding]
    is_explained: bool
    sees_c: bool


@dataclass(frozen=True, slots=True)
class Maker:
    """The line of Python that made something, and the C function that it called for that."""

    place: Place
    native: Place | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A block that was left behind in a round.

    ``address`` and ``type`` are those of the object in it, "" for none; ``lines`` those
    that made it, the innermost first, as far as `tracemalloc` knows.
    """

    block: Block
    round: int
    lines: tuple[tuple[str, int], ...]
    address: int
    type: str


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

    def told(self) -> str:
        """Return how much of what is left by each run."""
        runs = ROUNDS * TURNS
        kinds = Counter(each.type for each in self.pieces if each.type)
        amount = round(sum(each.block.size for each in self.pieces) / runs)
        objects = [f"{_number(count / runs)} {name}" for name, count in kinds.most_common()]
        text = ", ".join(objects)
        return f"{text} ({shown_size(amount)})" if text else shown_size(amount)


def remains(test: Place, repeat: Repeat) -> Remains:
    """Run a test again and again, and return findings about what it leaves behind.

    Raises BusyError where memory is watched already, UnsupportedError where it cannot be.
    """
    with _traced():
        blocks = _blocks()
        pieces = list(_left(_looks(blocks, repeat)))
    groups = _groups(_Makers(blocks, test.file), pieces)
    blocks.close()
    owners = _owners(groups)
    holders = Holders(piece.address for group in groups for piece in group.pieces)
    findings = [
        _finding(test, group, [part for part in groups if owners.get(id(part)) is group], holders)
        for group in groups
        if id(group) not in owners and not _is_cached(group, holders)
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
    objects = _Objects()
    for block in unpack(looks[-1]):
        number = made.get((block.address, block.context), -1)
        if number >= 0:
            yield Piece(block, number, _lines(block.address), *objects.at(block))


def _lines(block: int) -> tuple[tuple[str, int], ...]:
    ask = ctypes.pythonapi._PyTraceMalloc_GetTraceback  # noqa: SLF001 - there is no other
    ask.restype = ctypes.py_object
    return ask(ctypes.c_uint(0), ctypes.c_size_t(block)) or ()


class _Objects:
    """Reads what lies at an address, by way of the kernel: it may be gone."""

    def __init__(self) -> None:
        self._types = {id(each): (title(each), each.__basicsize__) for each in _all_types()}
        self._types[id(str)] = ("str", _SHORT)
        self._file = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        os.close(self._file)

    def at(self, block: Block) -> tuple[int, str]:
        """Return where in a block an object is, and of which type; its start and "" for none."""
        for before in _BEFORE:
            head = self.read(block.address + before, 16)
            count, kind = struct.unpack("2Q", head) if len(head) == 16 else (0, 0)
            name, basic = self._types.get(kind, ("", block.size))
            if name and block.size >= before + basic and 0 < count & 0xFFFFFFFF < 1 << 31:
                return block.address + before, name
        return block.address, ""

    def read(self, address: int, size: int) -> bytes:
        """Return so many bytes, or fewer."""
        try:
            return os.pread(self._file, size, address)
        except OSError:
            return b""


def _all_types() -> set[type]:
    found: set[type] = set()
    waiting: list[type] = [object]
    while waiting:
        kind = waiting.pop()
        if kind not in found:
            found.add(kind)
            waiting += type.__subclasses__(kind)
    return found


def _groups(makers: _Makers, pieces: Sequence[Piece]) -> list[Group]:
    """Return what lines have left in each round, objects first."""
    alike: defaultdict[tuple[Maker, str], list[Piece]] = defaultdict(list)
    for piece in pieces:
        maker = makers.of(piece)
        if maker is not None:
            alike[maker, piece.type].append(piece)
    groups: dict[Maker, Group] = {}
    for (maker, _), all_ in alike.items():
        if len({each.round for each in all_}) == ROUNDS:
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


class _Makers:
    """Knows from call chains who made something; keeps what it has found out of each."""

    def __init__(self, blocks: Blocks, file: str) -> None:
        self._blocks = blocks
        self._file = file
        self._symbols = Symbolizer()
        self._of_context: dict[int, tuple[Place | None, Place | None]] = {}

    def of(self, piece: Piece) -> Maker | None:
        """Return who made what is in a block; None for pytest and for us."""
        if piece.block.context not in self._of_context:
            self._of_context[piece.block.context] = self._look(piece.block.context)
        place, native = self._of_context[piece.block.context]
        if piece.lines:
            traced = _charged([Place(*each) for each in piece.lines], self._file)
            if traced != place:
                place, native = traced, None  # the block had been used for something else
        return Maker(place, native) if place is not None else None

    def _look(self, context: int) -> tuple[Place | None, Place | None]:
        chain = self._blocks.chain(context)
        python = [Place(each.file, each.line) for each in chain if not each.is_native]
        return _charged(python, self._file), self._native(chain)

    def _native(self, chain: Sequence[Frame]) -> Place | None:
        """Return the C function nearest to the block that is not the interpreter's."""
        for frame in chain:
            if not frame.is_native:
                return None
            if not _SYSTEM.search(frame.file) and frame.file != sys.executable:
                symbol = self._symbols.find(frame.file, frame.address)
                if symbol is None:
                    return Place(frame.file, 0, f"+{frame.address:#x}")
                return Place(symbol.file or frame.file, symbol.line, f"{symbol.name} in C")
        return None


def _charged(frames: Iterable[Place], file: str) -> Place | None:
    """Return the nearest line of the program, or of a library that no line of it called."""
    inner = []
    for frame in frames:
        if frame.file.startswith(_OURS):
            break
        if not _HARNESS.search(frame.file) and not frame.file.startswith("<frozen"):
            inner.append(frame)
    if all(frame.file.startswith(_WADJET) for frame in inner):
        return None
    own = [each for each in inner if each.file == file or not is_library(each.file)]
    return next(iter([*own, *inner]), None)


def _owners(groups: Sequence[Group]) -> dict[int, Group]:
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
    memory = _Objects()
    found: dict[int, set[int]] = {id(group): set() for group in groups}
    for group in groups:
        for piece in group.pieces:
            length = min(piece.block.size, _MOST_READ) & ~7
            words = struct.iter_unpack("Q", memory.read(piece.block.address, length))
            found[id(group)] |= starts.intersection(word for (word,) in words)
    return found


def _is_cached(group: Group, holders: Holders) -> bool:
    sample = group.sample
    return sample is not None and holders.is_cached(sample.address)


def _finding(test: Place, group: Group, parts: Sequence[Group], holders: Holders) -> Finding:
    sample = group.sample
    who = holders.of(sample.address) if sample is not None else ""
    message = f"{test.label} leaves {group.told()} behind each time it runs"
    native = [group.maker.native] if group.maker.native is not None else []
    own = [Place(each.maker.place.file, each.maker.place.line, each.told()) for each in parts]
    rule = "refs-objects" if sample is not None else "refs-memory"
    return Finding(
        rule,
        Level.ERROR,
        f"{message}; {who}" if who else message,
        group.maker.place,
        (*native, *own, test),
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.1f}"
