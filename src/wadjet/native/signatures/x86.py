"""Instructions of x86-64, as capstone writes them down, in the words of instructions.py."""

from __future__ import annotations

import re
from functools import lru_cache

from wadjet.native.signatures.instructions import Memory, Operation

ARGUMENTS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
RESULT, STACK = "rax", "rsp"
LOST = ("rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11")
"""Registers that a call may change."""

_MEMORY = re.compile(r"(?:(\w+) ptr )?(?:\w\w:)?\[(.*)\]$")
_TERM = re.compile(r"([+-]?) ?(?:([a-z]\w*)(?:\*(\d))?|(0x[0-9a-f]+|\d+))")
_SIZES = {"byte": 1, "word": 2, "dword": 4, "qword": 8, "xmmword": 16, "ymmword": 32}
_CONDITIONS = {"z": "e", "nz": "ne", "c": "b", "nc": "ae", "nae": "b", "nb": "ae"}
_HIGH = ("movhps", "punpcklqdq", "pinsrq", "movlhps", "unpcklpd")
_BOTH = {"add": "add", "sub": "sub", "and": "and", "or": "or", "xor": "xor", "imul": "mul"}
_SHIFTS = {"shl": "shl", "sal": "shl", "shr": "shr", "sar": "sar"}


def _registers() -> dict[str, tuple[str, int]]:
    made: dict[str, tuple[str, int]] = {}
    for letter in "abcd":
        made |= {f"r{letter}x": (f"r{letter}x", 8), f"e{letter}x": (f"r{letter}x", 4)}
        made |= {f"{letter}x": (f"r{letter}x", 2), f"{letter}l": (f"r{letter}x", 1)}
        made[f"{letter}h"] = (f"r{letter}x", 0)
    for word in ("si", "di", "bp", "sp"):
        made |= {f"r{word}": (f"r{word}", 8), f"e{word}": (f"r{word}", 4)}
        made |= {word: (f"r{word}", 2), f"{word}l": (f"r{word}", 1)}
    for number in range(8, 16):
        whole = f"r{number}"
        made |= {whole: (whole, 8), f"{whole}d": (whole, 4)}
        made |= {f"{whole}w": (whole, 2), f"{whole}b": (whole, 1)}
    return made


_REGISTERS = _registers()


@lru_cache(maxsize=1 << 16)
def operations(word: str, text: str) -> tuple[Operation, ...]:
    """Return what an instruction does; addresses by ``rip`` are from the next one's start."""
    word = word.removeprefix("bnd ").removeprefix("notrack ")
    operands = [_operand(each) for each in _split(text)]
    for reader in (_control, _moving, _comparing, _arithmetic):
        found = reader(word, operands)
        if found is not None:
            return found
    first = operands[0] if operands else None
    return _forget(first)


def _split(text: str) -> list[str]:
    return [each.strip() for each in text.split(", ")] if text else []


def _operand(text: str) -> object:
    match = _MEMORY.match(text)
    if match:
        return _memory(match[2], _SIZES.get(match[1] or "qword", 8))
    if text in _REGISTERS:
        return text
    try:
        return int(text, 0)
    except ValueError:
        return ("other", text)  # of the vector unit


def _memory(text: str, size: int) -> Memory:
    base = index = ""
    scale, offset = 1, 0
    for sign, register, times, number in _TERM.findall(text):
        if number:
            offset += -int(number, 0) if sign == "-" else int(number, 0)
        elif times or base:
            index, scale = _REGISTERS.get(register, (register, 8))[0], int(times or 1)
        else:
            base = _REGISTERS.get(register, (register, 8))[0]
    return Memory(base, index, scale, offset, size)


def _whole(operand: object) -> object:
    """Return a register by the name of all its bits; anything else as it is."""
    return _REGISTERS[operand][0] if isinstance(operand, str) else operand


def _width(operand: object) -> int:
    if isinstance(operand, str):
        return _REGISTERS[operand][1]
    return operand.size if isinstance(operand, Memory) else 8


def _forget(operand: object) -> tuple[Operation, ...]:
    if isinstance(operand, Memory):
        return (("store", operand, None),)
    if isinstance(operand, str):
        return (("forget", _whole(operand)), ("unclear",))
    return ()


def _control(word: str, operands: list[object]) -> tuple[Operation, ...] | None:
    if word == "jmp":
        return (("jump", _whole(operands[0])),)
    if word == "call":
        return (("call", _whole(operands[0])),)
    if word.startswith("ret"):
        return (("return",),)
    if word in ("ud2", "hlt", "int3"):
        return (("stop",),)
    if word.startswith("j"):
        condition = _CONDITIONS.get(word[1:], word[1:])
        return (("branch", condition, operands[0]),)
    if word.startswith("cmov"):
        condition, to = _CONDITIONS.get(word[4:], word[4:]), _whole(operands[0])
        return (("select", condition, to, _whole(operands[1]), to),)
    return None


def _moving(word: str, operands: list[object]) -> tuple[Operation, ...] | None:
    if word == "push":
        place = Memory(STACK, "", 1, 0, 8)
        return (("sub", STACK, STACK, 8), ("store", place, _whole(operands[0])))
    if word == "pop":
        place = Memory(STACK, "", 1, 0, 8)
        return (("move", _whole(operands[0]), place, 8), ("add", STACK, STACK, 8))
    if word == "lea":
        return (("address", _whole(operands[0]), operands[1]),)
    if word in ("mov", "movabs", "movzx", "movsxd", "movsx"):
        return _move(word, operands)
    if word in ("movdqa", "movdqu", "movaps", "movups", "movapd", "movq", "vmovdqa", "vmovdqu"):
        return _move_vector(operands)
    if word in _HIGH and type(operands[0]) is tuple:
        to = _vector(operands[0])
        return (("pair", to, to, _vector(operands[1])),)
    if word in ("cdqe", "cdq", "cqo", "nop", "endbr64", "leave"):
        moved: tuple[Operation, ...] = (
            ("move", STACK, "rbp", 8),
            ("move", "rbp", Memory(STACK, "", 1, 0, 8), 8),
            ("add", STACK, STACK, 8),
        )
        return {"leave": moved, "cdq": (("forget", "rdx"),), "cqo": (("forget", "rdx"),)}.get(
            word, ()
        )
    return None


def _move(word: str, operands: list[object]) -> tuple[Operation, ...]:
    to, source = operands
    if isinstance(to, Memory):
        known = to.size >= 4 and not isinstance(source, tuple)
        return (("store", to, _whole(source) if known else None),)
    if not isinstance(to, str):
        return ()
    width = _width(source) if isinstance(source, str | Memory) else _width(to)
    if _width(to) < 4 or width < 4 or type(source) is tuple:
        return (("forget", _whole(to)),)
    if isinstance(source, Memory) and word in ("movsxd", "movsx"):
        source = source._replace(signed=True)
    signs = -1 if word in ("movsxd", "movsx") else 1
    return (("move", _whole(to), _whole(source), signs * min(width, _width(to))),)


def _move_vector(operands: list[object]) -> tuple[Operation, ...]:
    """Registers of 16 bytes matter for arrays of pointers that are copied to the stack."""
    to, source = operands
    if isinstance(to, Memory):
        return (("store", to, _vector(source)),)
    width = source.size if isinstance(source, Memory) else 8
    return (("move", _vector(to), _vector(source), width),)


def _vector(operand: object) -> object:
    """Return a register of the vector unit by its name; anything else as it is."""
    return operand[1] if type(operand) is tuple else _whole(operand)


def _comparing(word: str, operands: list[object]) -> tuple[Operation, ...] | None:
    if word not in ("cmp", "test"):
        return None
    if any(type(each) is tuple for each in operands):
        return (("unclear",),)
    a, b = (_whole(each) for each in operands)
    width = _width(operands[0])
    return ((word, a, b, width),) if width >= 1 else (("unclear",),)


def _arithmetic(word: str, operands: list[object]) -> tuple[Operation, ...] | None:
    if word in ("inc", "dec") and isinstance(operands[0], str):
        to = _whole(operands[0])
        width = _width(operands[0])
        return (
            ("add" if word == "inc" else "sub", to, to, 1, width),
            ("test", to, to, width),
        )
    if word == "btr":  # clears the bit of PY_VECTORCALL_ARGUMENTS_OFFSET
        return (("and", _whole(operands[0]), _whole(operands[0]), (1 << 63) - 1, 8), ("unclear",))
    if word == "bts":
        return (("or", _whole(operands[0]), _whole(operands[0]), 1 << 63, 8), ("unclear",))
    known = _BOTH.get(word) or _SHIFTS.get(word)
    if known is None or not isinstance(operands[0], str) or len(operands) < 2:
        return (("unclear",), *_forget(operands[0])) if known else None
    to, width = _whole(operands[0]), _width(operands[0])
    if width < 4 or type(operands[-1]) is tuple:
        return (("forget", to), ("unclear",))
    if word in ("xor", "sub") and operands[0] == operands[1]:
        return (("move", to, 0, 8), ("test", to, to, 8))
    a = to if len(operands) == 2 else _whole(operands[1])
    b = _whole(operands[-1])
    if word == "sub":
        return (("cmp", a, b, width), ("sub", to, a, b, width))
    return ((known, to, a, b, width), ("test", to, to, width))
