"""What an instruction does, in the few words that all machines have in common.

An operation is a tuple: its word, then operands. An operand is a number, the name of a
register (of all its bits), or a ``Memory``. Flags are those of the last ``cmp`` or ``test``.

    ("move", to, from, width)      ("address", to, memory)        ("store", memory, from)
    ("add", to, a, b)  and other arithmetic                       ("forget", register...)
    ("cmp", a, b, width)           ("test", a, b, width)
    ("branch", condition, target)  ("jump", target)               ("call", target)
    ("select", condition, to, a, b)                               ("return",)  ("stop",)
    ("compare if", condition, a, b, width, bits)    cmp, or flags of aarch64 as they stand
    ("unclear",)  flags that nobody knows
"""

from __future__ import annotations

from typing import NamedTuple

Operation = tuple[object, ...]


class Memory(NamedTuple):
    """base + step * scale + offset, ``size`` bytes of it."""

    base: str
    step: str
    scale: int
    offset: int
    size: int
    signed: bool = False


class Instruction(NamedTuple):
    """The operations of an instruction, and where it ends."""

    operations: tuple[Operation, ...]
    end: int


def signed(value: int, width: int) -> int:
    """Return ``value`` as a signed number of ``width`` bytes.

    >>> signed(0xFFFFFFFF, 4)
    -1
    """
    bits = 8 * width
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def of_bits(bits: int) -> tuple[int, int]:
    """Return two numbers that compare as flags of aarch64 (N, Z, C, V) say.

    >>> of_bits(0b0100)  # Z: they are equal
    (0, 0)
    """
    if bits & 4:
        return 0, 0
    return (0, 1) if bits & 8 else (1, 0 if bits & 2 else -1)


def holds(condition: str, kind: str, a: int, b: int, width: int) -> bool | None:
    """Whether a condition holds after ``cmp`` or ``test`` of two numbers; None if unknown.

    >>> holds("a", "cmp", -1, 2, 8)  # above: without sign
    True
    """
    if kind == "test":
        a, b = a & b, 0
    mask = (1 << 8 * width) - 1
    left, right = signed(a, width), signed(b, width)
    ordered = {
        "e": left == right,
        "ne": left != right,
        "l": left < right,
        "le": left <= right,
        "g": left > right,
        "ge": left >= right,
        "b": a & mask < b & mask,
        "be": a & mask <= b & mask,
        "a": a & mask > b & mask,
        "ae": a & mask >= b & mask,
        "s": signed(left - right, width) < 0,
        "ns": signed(left - right, width) >= 0,
    }
    return ordered.get(condition)
