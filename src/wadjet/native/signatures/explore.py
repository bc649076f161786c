"""Following a C function from its entry, to see how it reads what it was called with.

Every way through the function is followed with what is known on it. A way ends where the
arguments have been parsed, an exception is raised, or the function returns. What matters is
kept: calls of functions that parse arguments, and with how many arguments it went on.

The names of what is called are enough; code within the interpreter's API is never entered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from types import ModuleType

from wadjet.native.signatures import aarch64, generated, searched, x86
from wadjet.native.signatures.decoder import decoder
from wadjet.native.signatures.elf import Image
from wadjet.native.signatures.instructions import Instruction, Memory, Operation, of_bits, signed
from wadjet.native.signatures.parsers import NUMPY, PARSERS, Parser
from wadjet.native.signatures.reading import Call, Ending, Reading, told_apart
from wadjet.native.signatures.state import (
    ANY,
    KEY,
    MANY,
    Array,
    Count,
    Frame,
    Given,
    Import,
    Inside,
    Layout,
    State,
    Value,
    each_count,
    is_given,
    is_named,
    is_passed_on,
    needed,
    split,
    step,
)

STEPS = 20000
"""Instructions that are looked at for one callable, at most."""
_VISITS, _DEPTH, _STACKED, _CHUNK, _WORDS = 12, 4, 40, 128, 32
_MINUS_ONE = (1 << 64) - 1
_RAISES = re.compile(r"_?PyErr_(Set|Format|Bad|NoMemory|No)|_PyArg_Bad|PyErr_BadArgument")
_ENDS = {"abort", "exit", "_exit", "__stack_chk_fail", "Py_FatalError", "__assert_fail"}
_ENDS |= {"_Py_FatalErrorFunc", "longjmp", "__longjmp_chk", "_Unwind_Resume", "__cxa_throw"}
_DIVIDES = ("branch", "call", "return", "stop", "select", "compare if")
_API = re.compile(r"_?Py[A-Z]?[A-Za-z0-9]*_|__?(cxa|gxx)_")
_SIZES = {"PyTuple_Size", "PyObject_Size", "PyObject_Length", "PySequence_Size", "PyDict_Size"}
_SIZES |= {"PySequence_Length", "PyMapping_Size"}


class Explorer:
    """Follows the functions of one image; keeps what it has decoded."""

    def __init__(self, image: Image, layout: Layout) -> None:
        self.image = image
        self.layout = layout
        self._machine: ModuleType = x86 if image.machine == "x86_64" else aarch64
        self._decode = decoder(image.machine)
        self._blocks: dict[int, list[tuple[int, int, str, str]]] = {}
        self._stubs: dict[int, str] = {}
        self.is_cython = image.has(b"__pyx_")
        self._is_interpreter = "PyArg_ParseTuple" in image.exports

    def read(
        self, address: int, given: list[Value], assumed: str | None = None, failure: int = 0
    ) -> Reading:
        """Follow the function at ``address``, called with ``given``.

        ``assumed`` is what everything is called that is given by name, ``failure`` what the
        function returns with an error.
        """
        reading = Reading(assumed=assumed, failure=failure)
        registers: dict[str, Value] = dict(zip(self._machine.ARGUMENTS, given, strict=False))
        registers[self._machine.STACK] = Frame(0)
        one = assumed is not None
        state = State(registers, named=True if one else None, one=one)
        _Walk(self, reading, 0, [STEPS]).run(address, state)
        return reading

    def instructions(self, address: int) -> Iterator[Instruction]:
        """Yield the instructions from an address on, until nothing follows."""
        while True:
            if address not in self._blocks:
                code = self.image.read(address, _CHUNK)
                self._blocks[address] = list(self._decode.disasm_lite(code, address))
            block = self._blocks[address]
            if not block:
                return
            for start, size, word, text in block:
                address = start + size
                yield Instruction(self._machine.operations(word, text), address)

    def name(self, target: Value) -> str:
        """Return what the function at a target is called; empty where it has no name."""
        if isinstance(target, Import):
            return target.name
        if not isinstance(target, int):
            return ""
        if any(start <= target < end for start, end in self.image.stubs):
            if target not in self._stubs:
                self._stubs[target] = self._behind(target)
            return self._stubs[target]
        return self.image.names.get(target, "")

    def _behind(self, stub: int) -> str:
        """Return the name that a stub of the procedure linkage table jumps to."""
        state = State({})
        for _, instruction in zip(range(8), self.instructions(stub), strict=False):
            for operation in instruction.operations:
                if operation[0] == "jump":
                    found = state.value(operation[1], self.image, instruction.end, self.layout)
                    return found.name if isinstance(found, Import) else ""
                if operation[0] not in _DIVIDES:
                    step(state, operation, self.image, instruction.end, self.layout)
        return ""

    def clone(self, values: tuple[Value, ...]) -> str:
        """Return the parser that a function without a name is, by what it is called with."""
        if is_given(values[0]) and isinstance(values[1], Count):
            for at in (2, 3, 4):
                name = f"_PyArg_UnpackKeywords@{at}"
                if name in PARSERS and self._is_parser(values[at]):
                    return name
        own, _, items, count, _, first = values[:6]
        if is_given(items) and isinstance(count, Count) and self._is_name(own):
            return NUMPY if self._is_name(first) else ""
        return ""

    def _is_name(self, value: Value) -> bool:
        """Whether there is a text at an address that names something."""
        text = self.image.text(value) if isinstance(value, int) and value else None
        return bool(text) and (text or "").lstrip("|$").isidentifier()

    def _is_parser(self, value: Value) -> bool:
        """Whether there is a ``_PyArg_Parser`` at an address."""
        if not isinstance(value, int):
            return False
        names = self.image.pointer(value + self.layout.keywords)
        own = self.image.pointer(value + self.layout.keywords + 8)
        text = self.image.text(own) if own else None
        known = bool(names) and self.image.texts(names or 0) is not None
        return known and (text or "").replace(".", "_").isidentifier()

    def inside(self, target: Value, name: str) -> int | None:
        """Return where a function of this image is that is no part of the API."""
        if self._is_interpreter and _API.match(name) and "." not in name:
            return None
        if isinstance(target, Import):
            return self.image.exports.get(name)
        if not isinstance(target, int):
            return None
        if any(start <= target < end for start, end in self.image.stubs):
            return self.image.exports.get(name)
        return target if self.image.is_code(target) else None


class _Walk:
    """All ways through one function, and through those that it hands its arguments to."""

    def __init__(self, explorer: Explorer, reading: Reading, depth: int, left: list[int]) -> None:
        self._explorer = explorer
        self._machine = explorer._machine  # noqa: SLF001 - two halves of one thing
        self._reading = reading
        self._depth = depth
        self._left = left
        self._seen: dict[tuple[int, bool | None], set[tuple[object, ...]]] = {}
        self._waiting: list[tuple[int, State]] = []

    def run(self, address: int, state: State) -> None:
        """Follow every way from ``address`` on."""
        self._waiting.append((address, state))
        while self._waiting:
            at, found = self._waiting.pop()
            if self._left[0] <= 0:
                self._clip(found)
            elif self._enter(at, found):
                self._follow(at, found)

    def _enter(self, address: int, state: State) -> bool:
        """Whether a way that comes to ``address`` is worth following."""
        seen = self._seen.setdefault((address, state.named), set())
        key = state.key
        if key in seen:
            return False
        if len(seen) >= _VISITS:
            self._clip(state)
            return False
        seen.add(key)
        return True

    def _clip(self, state: State) -> None:
        named = state.named is True
        (self._reading.clipped_named if named else self._reading.clipped).update(state.counts)

    def _end(self, state: State) -> None:
        """Note that the function returns."""
        result = state.registers.get(self._machine.RESULT)
        if state.failed or (self._depth == 0 and self._is_failure(result)):
            return
        self._reading.endings.append(Ending(result, state.counts, state.named))
        if state.named is not True:
            self._reading.accepted |= state.counts
        if state.named is not False:
            self._reading.with_names |= state.counts

    def _is_failure(self, result: Value) -> bool:
        return isinstance(result, int) and signed(result, 4) == self._reading.failure

    def _follow(self, address: int, state: State) -> None:
        """Follow one way to where it ends or divides."""
        for instruction in self._explorer.instructions(address):
            self._left[0] -= 1
            if self._left[0] <= 0:
                self._clip(state)
                return
            for operation in instruction.operations:
                register = needed(state, operation)
                if register:
                    self._waiting += ((address, way) for way in each_count(state, register))
                    return
                if self._ends(operation, state, instruction.end):
                    return
            address = instruction.end

    def _ends(self, operation: Operation, state: State, after: int) -> bool:
        """Carry out an operation; return whether this way ends with it."""
        word = operation[0]
        if word == "branch":
            self._branch(str(operation[1]), operation[2], state, after)
            return True
        if word == "select":
            self._select(operation, state, after)
            return True
        if word == "compare if":
            self._compare_if(operation, state, after)
            return True
        if word == "jump":
            self._jump(operation[1], state, after)
            return True
        if word == "call":
            return not self._call(self._value(operation[1], state, after), state, after)
        if word == "return":
            self._end(state)
            return True
        if word == "stop":
            return True
        step(state, operation, self._explorer.image, after, self._explorer.layout)
        return False

    def _value(self, operand: object, state: State, after: int) -> Value:
        return state.value(operand, self._explorer.image, after, self._explorer.layout)

    def _branch(self, condition: str, target: object, state: State, after: int) -> None:
        self._notice(state)
        yes, no = split(state, condition)
        if no is not None:
            self._waiting.append((after, no))
        if yes is not None and isinstance(target, int):
            self._waiting.append((target, yes))

    def _select(self, operation: Operation, state: State, after: int) -> None:
        _, condition, to, a, b = operation
        self._notice(state)
        for way, source in zip(split(state, str(condition)), (a, b), strict=True):
            if way is not None:
                way.registers[str(to)] = self._value(source, way, after)
                self._waiting.append((after, way))

    def _compare_if(self, operation: Operation, state: State, after: int) -> None:
        _, condition, a, b, width, bits = operation
        assert isinstance(width, int)
        assert isinstance(bits, int)
        self._notice(state)
        yes, no = split(state, str(condition))
        if yes is not None:
            first, second = (self._value(each, yes, after) for each in (a, b))
            yes.flags = ("cmp", first, second, width)
            self._follow(after, yes)
        if no is not None:
            no.flags = ("cmp", *of_bits(bits), 8)
            self._follow(after, no)

    def _notice(self, state: State) -> None:
        """Note what a condition is about."""
        for value in state.flags[1:3] if state.flags else ():
            self._reading.counted |= isinstance(value, Count)
            self._reading.names |= is_named(value)

    def _jump(self, operand: object, state: State, after: int) -> None:
        target = self._value(operand, state, after)
        name = self._explorer.name(target)
        if name or isinstance(target, Import):
            if name in PARSERS or self._explorer.inside(target, name) is None:
                self._call(target, state, after, leaves=True)
                return
        if isinstance(target, int) and self._explorer.image.is_code(target):
            self._waiting.append((target, state))
        elif isinstance(target, Inside) or (isinstance(operand, Memory) and operand.step):
            self._clip(state)
        else:  # the last call of the function, by a pointer
            self._hand_over(None, "", state)
            state.registers[self._machine.RESULT] = None
            self._end(state)

    def _call(self, target: Value, state: State, after: int, *, leaves: bool = False) -> bool:
        """Call a function; return whether the caller goes on."""
        values = self._arguments(state)
        name = self._explorer.name(target) or self._explorer.clone(values)
        self._note_generated(name, values)
        if name in _ENDS or _RAISES.match(name):
            return False
        result: Value = None
        if name in PARSERS:
            parsed = self._parse(name, values, state)
            if parsed is not None and not leaves:
                self._returned(parsed, 1)
                self._waiting.append((after, parsed))
            if not state.counts:
                return False
            result = (_MINUS_ONE if name == NUMPY else 0) if state.failed else 1
        elif values[0] == KEY:
            result = searched.compared(name, values, self._explorer.image, self._reading)
        elif name == "PyDict_GetItemString" and values[0] == Given("kwargs"):
            result = searched.looked_up(values, self._explorer.image, self._reading)
        elif name == "PyDict_Next" and values[0] == Given("kwargs"):
            result = self._next_key(state)
        elif name in _SIZES and isinstance(values[0], Given):
            result = Count(0) if values[0].what == "tuple" else Given("names")
        elif is_passed_on(values):
            endings = self._hand_over(target, name, state)
            if not endings:
                return False
            for ending in endings[1:]:
                way = state.copy()
                if self._goes_on(way, _after(ending, way), leaves=leaves):
                    self._waiting.append((after, way))
            result = _after(endings[0], state)
        return self._goes_on(state, result, leaves=leaves)

    def _goes_on(self, state: State, result: Value, *, leaves: bool) -> bool:
        """Return from a call; whether the caller goes on, or ends with it."""
        self._returned(state, result)
        if leaves:
            self._end(state)
        return not leaves

    def _next_key(self, state: State) -> Value:
        """Note where the next of what is given by name is put; return whether there is one."""
        self._reading.names = True
        place = state.registers.get(self._machine.ARGUMENTS[2])
        if not isinstance(place, Frame):
            return None
        before = state.frame.get(place.offset)
        state.frame[place.offset] = KEY
        return int(before != KEY) if state.one else None

    def _note_generated(self, name: str, values: tuple[Value, ...]) -> None:
        """Note what a call tells that Cython has written."""
        reading, image = self._reading, self._explorer.image
        if not self._explorer.is_cython:
            return
        if name == "PyErr_Format" and (refused := generated.refusal(image, values)):
            reading.refusals.add(refused)
        elif name == "PyDict_New":
            reading.collects |= not reading.tables
        elif not _API.match(name) and (table := generated.table(image, values)):
            reading.tables.add(table)

    def _returned(self, state: State, result: Value) -> None:
        for register in self._machine.LOST:
            state.registers.pop(register, None)
        state.registers[self._machine.RESULT] = result
        state.flags = None

    def _arguments(self, state: State) -> tuple[Value, ...]:
        """Return what a function is called with, in registers and then on the stack."""
        values = [state.registers.get(each) for each in self._machine.ARGUMENTS]
        top = state.registers.get(self._machine.STACK)
        if isinstance(top, Frame):
            values += [state.frame.get(top.offset + 8 * at) for at in range(_STACKED)]
        return tuple(
            Array(tuple(state.array(each.offset, _WORDS))) if isinstance(each, Frame) else each
            for each in values
        )

    def _parse(self, name: str, values: tuple[Value, ...], state: State) -> State | None:
        """Note the call of a parser; return the way on which it succeeds, if of interest."""
        parser = PARSERS[name]
        subject = values[parser.subject]
        if not is_given(subject):  # something else than what the function was called with
            if parser.form == "keywords" and values[1] == Given("kwargs"):
                self._reading.names = True
                call = Call(name, values, state.counts, state.named)
                self._reading.keywords.append(call)
            return None
        self._reading.calls.append(Call(name, values, state.counts, state.named))
        if parser.limits is None:
            other = state.copy() if parser.form in ("format", "unpack") else None
            state.failed = True  # to see what it does then: some try again, otherwise
            return other  # arguments by name are still to come
        self._reading.names |= parser.form == "none-named"
        least, most = _limits(parser, values)
        if parser.form == "none-named":
            state.named = False
        else:
            state.counts &= frozenset(n for n in ANY if least <= n <= most)
        return None

    def _note_handed(self, name: str, values: tuple[Value, ...]) -> None:
        """Note what a function gets that is not entered.

        How many parameters it has is not known, and registers hold what they held at entry:
        only its first is taken for meant, and two that belong together.
        """
        pairs = pairwise(values)
        calls = not name or "all" in name
        together = calls and any(
            is_named(b) and (isinstance(a, Count) or is_given(a)) for a, b in pairs
        )
        self._reading.names |= is_named(values[0]) or together
        self._reading.forwards |= is_given(values[0]) or (calls and any(map(is_given, values)))

    def _hand_over(self, target: Value, name: str, state: State) -> list[Ending]:
        """Enter a function that gets what this one was called with; return how it ends.

        Nothing where it always raises.
        """
        values = self._arguments(state)
        inside = self._explorer.inside(target, name)
        if inside is None or self._depth >= _DEPTH:
            self._note_handed(name, values)
            return [Ending(None, state.counts, state.named)]
        before = len(self._reading.calls)
        inner = Reading(
            self._reading.calls,
            assumed=self._reading.assumed,
            asked=self._reading.asked,
            keywords=self._reading.keywords,
            tables=self._reading.tables,
            refusals=self._reading.refusals,
        )
        entry = {
            each: state.registers[each]
            for each in self._machine.ARGUMENTS
            if state.registers.get(each) is not None
        }
        entry[self._machine.STACK] = Frame(0)
        way = State(entry, {}, state.counts, state.named, state.failed, one=state.one)
        _Walk(self._explorer, inner, self._depth + 1, self._left).run(inside, way)
        self._reading.clipped |= inner.clipped
        self._reading.clipped_named |= inner.clipped_named
        self._reading.collects |= inner.collects
        self._reading.forwards |= inner.forwards
        self._reading.names |= inner.names
        self._reading.counted |= inner.counted
        strong = any(PARSERS[each.parser].limits is None for each in inner.calls[before:])
        if strong:
            state.failed = True
            return [Ending(None, state.counts, state.named)]
        return told_apart(
            [
                *inner.endings,
                Ending(None, frozenset(inner.clipped), None),
                Ending(None, frozenset(inner.clipped_named), True),
            ]
        )


def _after(ending: Ending, state: State) -> Value:
    """Take over what is known after a call; return its result."""
    state.counts &= ending.counts
    state.named = ending.named if ending.named is not None else state.named
    return ending.result


def _limits(parser: Parser, values: tuple[Value, ...]) -> tuple[int, int]:
    """Return how few and how many a parser lets through."""
    if parser.limits is None or parser.form == "none-placed":
        return 0, 0
    least, most = (values[at] for at in parser.limits)
    low = signed(least, 8) if isinstance(least, int) else 0
    high = signed(most, 8) if isinstance(most, int) else MANY
    return low, MANY if high < 0 else high
