"""What is known at one point of a function: registers, its frame, and what it was called with.

The number of arguments is not known, so a state holds all numbers that it may still be: a
comparison with it splits a state in two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from wadjet.native.signatures.elf import Image
from wadjet.native.signatures.instructions import Memory, Operation, holds, signed

MANY = 24
"""Stands for this number of arguments and any greater."""
ANY = frozenset(range(MANY + 1))
_WORD = (1 << 64) - 1


class Count(NamedTuple):
    """The number of arguments given by place, and ``add``."""

    add: int


class Given(NamedTuple):
    """A pointer to what the function was called with: ``what`` and an offset.

    tuple, items (an array), kwargs, kwnames, self, names (how many there are by name), key
    (one of these names), and argument (one of those by place).
    """

    what: str
    offset: int = 0


KEY = Given("key")


class Frame(NamedTuple):
    """The address of a place on the stack, from where the stack was at entry."""

    offset: int


class Import(NamedTuple):
    """The address of what another image has."""

    name: str


class Array(NamedTuple):
    """Words side by side: in a wide register, or on the stack behind an address."""

    words: tuple[int | None, ...]


class Inside(NamedTuple):
    """An address in the image that depends on what is not known, as of a table of jumps."""


Value = int | Count | Given | Frame | Import | Array | Inside | None
_POINTER = 1 << 40  # any but NULL
_THERE = ("tuple", "items", "self", "key", "argument")  # pointers that are never NULL
NAMED = ("kwargs", "kwnames", "names")


def is_named(value: Value) -> bool:
    """Whether a value is of what was given by name."""
    return isinstance(value, Given) and value.what in NAMED


def is_given(value: Value) -> bool:
    """Whether a value is of what the function was called with."""
    if isinstance(value, Count):
        return True
    return isinstance(value, Given) and value.what in ("tuple", "items", *NAMED)


def is_passed_on(values: tuple[Value, ...]) -> bool:
    """Whether a function is called with what this one was called with.

    Registers that it does not read hold what they held. So a number of arguments counts with
    the arguments beside it, as one of the first two, or as the third after the object itself.
    """
    if any(is_given(each) and not isinstance(each, Count) for each in values):
        return True
    own = values[0] == Given("self")  # as in a vectorcall, with arguments that it has copied
    return any(isinstance(each, Count) for each in values[: 3 if own else 2])


class Layout(NamedTuple):
    """Where the interpreter of an image keeps things: offsets in bytes."""

    size: int = 16  # of a tuple or dict: how many it has
    items: int = 24  # of a tuple
    keywords: int = 8  # of a _PyArg_Parser, and then its function's name


@dataclass(slots=True)
class State:
    """What is known; ``named`` is whether arguments are given by name, None where either.

    ``one`` is whether it is one if there are any.
    """

    registers: dict[str, Value]
    frame: dict[int, Value] = field(default_factory=dict)
    counts: frozenset[int] = ANY
    named: bool | None = None
    failed: bool = False
    flags: tuple[str, Value, Value, int] | None = None
    one: bool = False

    def copy(self) -> State:
        """Return a state that can go another way."""
        return State(
            dict(self.registers),
            dict(self.frame),
            self.counts,
            self.named,
            self.failed,
            self.flags,
            self.one,
        )

    @property
    def key(self) -> tuple[object, ...]:
        """What makes a difference to where it goes from here."""
        known = frozenset(item for item in self.registers.items() if item[1] is not None)
        kept = frozenset(item for item in self.frame.items() if item[1] is not None)
        return known, kept, self.counts, self.named, self.failed

    def is_one(self, value: Value) -> bool:
        """Whether a value is how many are given by name, and that is one."""
        return self.one and self.named is True and value == Given("names")

    def where(self, memory: Memory, after: int) -> Value:
        """Return the address that an operand names."""
        base: Value = after if memory.base == "rip" else self.registers.get(memory.base)
        if not memory.base:
            base = 0
        if memory.step:
            index = self.registers.get(memory.step)
            if isinstance(index, int) and not isinstance(base, Count):
                return shifted(base, signed(index, 8) * memory.scale + memory.offset)
            if isinstance(index, Count) and base == 0 and memory.scale == 1:
                return Count(index.add + memory.offset)
            if isinstance(base, Count) and index == 0:
                return Count(base.add + memory.offset)
            if isinstance(base, Given) and base.what == "kwnames":
                return shifted(base, memory.offset)  # any of them
            return None
        return shifted(base, memory.offset)

    def load(self, memory: Memory, image: Image, after: int, layout: Layout) -> Value:
        """Return what is at an address, None where it is not known."""
        place = self.where(memory, after)
        if isinstance(place, Frame):
            if memory.size <= 8:
                return self.frame.get(place.offset)
            return Array(tuple(self.array(place.offset, memory.size // 8)))
        if isinstance(place, Given):
            return _member(place, layout)
        if isinstance(place, int):
            if place in image.imports and memory.size == 8:
                return Import(image.imports[place])
            if memory.size == 8:
                return image.pointer(place)
            if memory.size == 16:
                return Array((image.pointer(place), image.pointer(place + 8)))
            if memory.size == 4 and image.read(place, 4):
                value = image.integer(place, 4)
                return value & _WORD if memory.signed else value & 0xFFFFFFFF
        return None

    def array(self, offset: int, limit: int) -> list[int | None]:
        """Return the numbers on the stack from ``offset`` on, None where one is unknown."""
        words = (self.frame.get(offset + 8 * at) for at in range(limit))
        return [each if isinstance(each, int) else None for each in words]

    def value(self, operand: object, image: Image, after: int, layout: Layout) -> Value:
        """Return what an operand is."""
        if isinstance(operand, int):
            return operand & _WORD
        if isinstance(operand, str):
            return self.registers.get(operand)
        if isinstance(operand, Memory):
            return self.load(operand, image, after, layout)
        return None


def shifted(value: Value, by: int) -> Value:
    """Return ``value`` and a number."""
    if isinstance(value, int):
        return (value + by) & _WORD
    if isinstance(value, Count):
        return Count(value.add + by)
    if isinstance(value, Frame):
        return Frame(value.offset + by)
    if isinstance(value, Given):
        return Given(value.what, value.offset + by)
    return None


def _member(place: Given, layout: Layout) -> Value:
    if place.offset == layout.size:
        if place.what == "tuple":
            return Count(0)
        if place.what in ("kwargs", "kwnames"):
            return Given("names")
    within = place.offset >= layout.items
    if place.what == "kwnames" and within:
        return KEY
    held = place.what == "items" or (place.what == "tuple" and within)
    return Given("argument") if held else None


def computed(word: str, a: Value, b: Value, width: int) -> Value:
    """Return the result of arithmetic, None where it is not known.

    >>> computed("sub", Count(0), 1, 8)
    Count(add=-1)
    """
    mask = (1 << 8 * width) - 1
    if isinstance(a, int) and isinstance(b, int):
        made = {
            "add": a + b,
            "sub": a - b,
            "and": a & b,
            "or": a | b,
            "xor": a ^ b,
            "mul": a * b,
            "shl": a << (b & 63),
            "shr": (a & mask) >> (b & 63),
        }.get(word)
        return None if made is None else made & mask
    if isinstance(b, int) and word in ("add", "sub"):
        return shifted(a, signed(b, 8) if word == "add" else -signed(b, 8))
    if isinstance(a, int) and word == "add":
        return shifted(b, signed(a, 8))
    if word == "add" and ((a is None and _is_address(b)) or (b is None and _is_address(a))):
        return Inside()
    if isinstance(a, Frame) and word == "and":
        return a  # the stack is aligned
    if word == "or" and isinstance(a, Count) and b == 1 << 63:
        return a  # with it
    if word == "and" and isinstance(a, Count) and b == _WORD >> 1:
        return a  # without PY_VECTORCALL_ARGUMENTS_OFFSET
    if word == "and" and isinstance(b, Count) and a == _WORD >> 1:
        return b
    return None


def _is_address(value: Value) -> bool:
    return isinstance(value, int) and 0xFFF < value < _WORD >> 16


def split(state: State, condition: str) -> tuple[State | None, State | None]:
    """Return the state where a condition holds, and that where it does not."""
    if state.flags is None:
        return state, state.copy()
    kind, a, b, width = state.flags
    about = _about_names(kind, a, b)
    if about:
        return _split_names(state, condition)
    left, right = _number(state, kind, a, b), _number(state, kind, b, a)
    if left is None or right is None:
        return state, state.copy()
    yes: set[int] = set()
    no: set[int] = set()
    for count in state.counts:
        held = holds(condition, kind, _at(left, count), _at(right, count), width)
        if held is None or held:
            yes.add(count)
        if not held:
            no.add(count)
    other = state.copy()
    state.counts, other.counts = frozenset(yes), frozenset(no)
    return (state if yes else None), (other if no else None)


def _about_names(kind: str, a: Value, b: Value) -> bool:
    given = isinstance(a, Given) and a.what in NAMED and a.offset == 0
    return given and (a == b if kind == "test" else b == 0)


def _split_names(state: State, condition: str) -> tuple[State | None, State | None]:
    """Split by whether there are names: the condition is about a pointer or a number."""
    none = holds(condition, "cmp", 0, 0, 8)
    some = holds(condition, "cmp", 1, 0, 8)
    ways: list[State | None] = []
    for wanted in (True, False):
        fits = [named for named, held in ((False, none), (True, some)) if held is wanted]
        if state.named is not None:
            fits = [named for named in fits if named is state.named]
        if not fits:
            ways.append(None)
            continue
        way = state.copy()
        way.named = fits[0] if len(fits) == 1 else state.named
        ways.append(way)
    return ways[0], ways[1]


def _number(state: State, kind: str, value: Value, other: Value) -> int | Count | None:
    """Return what a value is as a number, if it can be compared with another."""
    if isinstance(value, int | Count):
        return value
    if state.is_one(value):
        return 1
    pointer = isinstance(value, Given) and value.what in _THERE
    return _POINTER if pointer and (kind == "test" or other == 0) else None


def _at(value: int | Count, count: int) -> int:
    return value if isinstance(value, int) else count + value.add


def needed(state: State, operation: Operation) -> str:
    """Return the register that must be a number for an operation to be carried out.

    It is the index of a table, where it depends on the number of arguments; else empty.
    """
    for operand in operation[1:3]:
        if isinstance(operand, Memory) and isinstance(state.registers.get(operand.step), Count):
            base = state.registers.get(operand.base) if operand.base else 0
            return operand.step if isinstance(base, int) else ""
    return ""


def each_count(state: State, register: str) -> Iterator[State]:
    """Yield a state for each number of arguments, with ``register`` as a number."""
    value = state.registers[register]
    assert isinstance(value, Count)
    for count in state.counts:
        way = state.copy()
        way.counts = frozenset((count,))
        way.registers[register] = (count + value.add) & _WORD
        yield way


def step(state: State, operation: Operation, image: Image, after: int, layout: Layout) -> None:
    """Carry out an operation that leads nowhere else."""
    word = operation[0]

    def value(operand: object) -> Value:
        return state.value(operand, image, after, layout)

    if word == "move":
        _, to, source, width = operation
        assert isinstance(width, int)
        state.registers[str(to)] = _narrowed(value(source), width)
    elif word == "address":
        _, to, memory = operation
        assert isinstance(memory, Memory)
        state.registers[str(to)] = state.where(memory, after)
    elif word == "store":
        _, memory, source = operation
        assert isinstance(memory, Memory)
        _store(state, memory, source, image, after, layout)
    elif word in ("cmp", "test"):
        _, a, b, width = operation
        assert isinstance(width, int)
        state.flags = (str(word), value(a), value(b), width)
    elif word == "forget":
        for register in operation[1:]:
            state.registers[str(register)] = None
    elif word == "unclear":
        state.flags = None
    elif word == "pair":  # two words side by side in a wide register
        _, to, low, high = operation
        words = [each if isinstance(each, int) else None for each in (value(low), value(high))]
        state.registers[str(to)] = Array(tuple(words))
    else:
        _, to, a, b, *rest = operation
        width = rest[0] if rest and isinstance(rest[0], int) else 8
        state.registers[str(to)] = computed(str(word), value(a), value(b), width)


def _narrowed(value: Value, width: int) -> Value:
    if not isinstance(value, int):
        return value
    if width < 0:
        return signed(value, -width) & _WORD
    return value & ((1 << 8 * width) - 1) if width < 8 else value


def _store(
    state: State, memory: Memory, source: object, image: Image, after: int, layout: Layout
) -> None:
    place = state.where(memory, after)
    if not isinstance(place, Frame):
        return
    if memory.size <= 8:
        state.frame[place.offset] = state.value(source, image, after, layout)
        return
    value = state.value(source, image, after, layout)
    words = value.words if isinstance(value, Array) else ()
    for at in range(memory.size // 8):
        state.frame[place.offset + 8 * at] = words[at] if at < len(words) else None
