"""Instructions of aarch64, as capstone writes them down, in the words of instructions.py."""

from __future__ import annotations

import re
from functools import lru_cache

from wadjet.native.signatures.instructions import Memory, Operation

ARGUMENTS = tuple(f"x{number}" for number in range(8))
RESULT, STACK = "x0", "sp"
LOST = (*(f"x{number}" for number in range(19)), "x30")
"""Registers that a call may change."""

_REGISTER = re.compile(r"([xw])(\d+|zr)$|(w?sp)$|(fp|lr)$")
_CONDITIONS = {
    "eq": "e",
    "ne": "ne",
    "lt": "l",
    "le": "le",
    "gt": "g",
    "ge": "ge",
    "mi": "s",
    "pl": "ns",
    "lo": "b",
    "cc": "b",
    "ls": "be",
    "hi": "a",
    "hs": "ae",
    "cs": "ae",
}
_BOTH = {"add": "add", "sub": "sub", "and": "and", "orr": "or", "eor": "xor", "lsl": "shl"}
_LOADS = {"ldr": 0, "ldur": 0, "ldrsw": 4, "ldursw": 4}
_OTHER = ("other", "")


@lru_cache(maxsize=1 << 16)
def operations(word: str, text: str) -> tuple[Operation, ...]:
    """Return what an instruction does."""
    parts = _split(text)
    for reader in (_control, _moving, _pairs, _comparing, _arithmetic):
        found = reader(word, parts)
        if found is not None:
            return found
    register = _whole(parts[0]) if parts else None
    if isinstance(register, str) and not word.startswith("st"):
        return (("forget", register),)
    return ()


def _split(text: str) -> list[str]:
    """Split at the commas outside brackets."""
    return [each.strip() for each in re.split(r",(?![^\[]*\])", text)] if text else []


def _whole(text: str) -> object:
    """Return a register by the name of all its bits, or a number."""
    match = _REGISTER.match(text)
    if match:
        if match[2]:
            return 0 if match[2] == "zr" else f"x{match[2]}"
        return {"fp": "x29", "lr": "x30"}.get(text, STACK)
    if text.startswith("#"):
        return int(text[1:], 0)
    return _OTHER


def _width(text: str) -> int:
    return 4 if text.startswith("w") else 8


def _memory(text: str, size: int) -> Memory:
    parts = [each.strip() for each in text.strip("[]!").split(",")]
    base = _whole(parts[0])
    index, scale, offset = "", 1, 0
    if len(parts) > 1:
        value = _whole(parts[1])
        if isinstance(value, int):
            offset = value
        elif isinstance(value, str):
            index = value
    if len(parts) > 2 and "#" in parts[2]:
        scale = 1 << int(parts[2].split("#")[1], 0)
    return Memory(str(base), index, scale, offset, size)


def _update(parts: list[str], memory: Memory) -> tuple[tuple[Operation, ...], Memory, bool]:
    """Return what changes the base of ``[x, #n]!`` and ``[x], #n``, and whether before."""
    if parts[-1].endswith("!"):
        change: Operation = ("add", memory.base, memory.base, memory.offset, 8)
        return (change,), memory._replace(offset=0), True
    if parts[-1].startswith("#") and parts[-2].startswith("["):
        return (("add", memory.base, memory.base, int(parts[-1][1:], 0), 8),), memory, False
    return (), memory, False


def _control(word: str, parts: list[str]) -> tuple[Operation, ...] | None:
    if word in ("b", "br"):
        return (("jump", _whole(parts[0])),)
    if word in ("bl", "blr"):
        return (("call", _whole(parts[0])),)
    if word in ("ret", "retaa"):
        return (("return",),)
    if word in ("udf", "brk"):
        return (("stop",),)
    if word.startswith("b."):
        return (("branch", _CONDITIONS.get(word[2:], "?"), _whole(parts[0])),)
    if word in ("cbz", "cbnz"):
        register = _whole(parts[0])
        condition = "e" if word == "cbz" else "ne"
        test: Operation = ("test", register, register, _width(parts[0]))
        return (test, ("branch", condition, _whole(parts[1])))
    if word in ("tbz", "tbnz"):
        bit = _whole(parts[1])
        assert isinstance(bit, int)
        condition = "e" if word == "tbz" else "ne"
        return (("test", _whole(parts[0]), 1 << bit, 8), ("branch", condition, _whole(parts[2])))
    return None


def _moving(word: str, parts: list[str]) -> tuple[Operation, ...] | None:
    if word in ("mov", "movz"):
        return _move(parts)
    if word == "sxtw":
        return (("move", _whole(parts[0]), _whole(parts[1]), -4),)
    if word in ("adrp", "adr"):
        return (("move", _whole(parts[0]), _whole(parts[1]), 8),)
    if word == "csel":
        a, b = _whole(parts[1]), _whole(parts[2])
        return (("select", _CONDITIONS.get(parts[3], "?"), _whole(parts[0]), a, b),)
    if word in _LOADS and len(parts) >= 2 and parts[1].startswith("["):
        return _load(word, parts)
    if word in ("str", "stur") and parts[1].startswith("["):
        size = _width(parts[0]) if parts[0][0] in "xws" else 16
        change, memory, before = _update(parts, _memory(parts[1], size))
        value = parts[0] if parts[0][0] in "qv" else _whole(parts[0])
        store: Operation = ("store", memory, value)
        return (*change, store) if before else (store, *change)
    return None


def _move(parts: list[str]) -> tuple[Operation, ...]:
    to, source = _whole(parts[0]), _whole(parts[1])
    if len(parts) > 2 and isinstance(source, int):  # movz x0, #1, lsl #16
        source <<= int(parts[2].split("#")[1], 0)
    return (("move", to, source, _width(parts[0])),) if isinstance(to, str) else ()


def _load(word: str, parts: list[str]) -> tuple[Operation, ...]:
    wide = parts[0][0] in "qv"
    size = 16 if wide else _LOADS[word] or _width(parts[0])
    change, memory, before = _update(parts, _memory(parts[1], size))
    if word in ("ldrsw", "ldursw"):
        memory = memory._replace(signed=True)
    to = parts[0] if wide else _whole(parts[0])
    load: Operation = ("move", to, memory, size)
    return (*change, load) if before else (load, *change)


def _pairs(word: str, parts: list[str]) -> tuple[Operation, ...] | None:
    if word not in ("stp", "ldp"):
        return None
    wide = parts[0][0] in "qvd"
    size = 16 if parts[0][0] == "q" else _width(parts[0])
    change, memory, before = _update(parts, _memory(parts[2], size))
    made: list[Operation] = []
    for at, part in enumerate(parts[:2]):
        place = memory._replace(offset=memory.offset + at * size)
        register = part if wide else _whole(part)
        if word == "stp":
            made.append(("store", place, register))
        elif isinstance(register, str):
            made.append(("move", register, place, size))
    return (*change, *made) if before else (*made, *change)


def _comparing(word: str, parts: list[str]) -> tuple[Operation, ...] | None:
    if word == "ccmp":
        a, b, bits = (_whole(each) for each in parts[:3])
        if _OTHER in (a, b) or not isinstance(bits, int):
            return (("unclear",),)
        return (("compare if", _CONDITIONS.get(parts[3], "?"), a, b, _width(parts[0]), bits),)
    if word not in ("cmp", "cmn", "tst"):
        return None
    a, b = _whole(parts[0]), _whole(parts[1])
    if len(parts) > 2 or _OTHER in (a, b):
        return (("unclear",),)
    if word == "cmn":
        b = -b if isinstance(b, int) else _OTHER
        if b == _OTHER:
            return (("unclear",),)
    return (("test" if word == "tst" else "cmp", a, b, _width(parts[0])),)


def _arithmetic(word: str, parts: list[str]) -> tuple[Operation, ...] | None:
    flags = word.endswith("s") and word[:-1] in _BOTH
    name = _BOTH.get(word[:-1] if flags else word)
    if name is None or len(parts) < 3:
        return None
    to, a, b = (_whole(each) for each in parts[:3])
    width = _width(parts[0])
    if len(parts) > 3 and isinstance(b, int) and "lsl" in parts[3]:
        b <<= int(parts[3].split("#")[1], 0)
    elif len(parts) > 3:
        b = _OTHER
    known = _OTHER not in (a, b)
    made: list[Operation] = []
    if flags and name == "sub":
        made.append(("cmp", a, b, width) if known else ("unclear",))
    if isinstance(to, str):
        made.append((name, to, a, b, width) if known else ("forget", to))
    if flags and name != "sub":
        made.append(("test", to, to, width) if known else ("unclear",))
    return tuple(made)
