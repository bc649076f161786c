"""Commands for a debugger: what Python does in a process that is stuck, or was when it crashed.

The debugger runs this in a Python of its own, with the layout of the interpreter that Wadjet was
built for in place of ``LAYOUT``, and behind it what knows the debugger (gdb_side.py, lldb_side.py).
It reads memory and calls nothing, so that core files do as well.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import Callable, Dict, Iterator, List, Tuple  # noqa: UP035  as of Python 3.8

LAYOUT: Dict[str, int] = {}  # noqa: UP006  filled in
MOST_FRAMES = 200
MOST_OBJECTS = 50_000_000
SHOWN = 20


def at(address: int, name: str) -> int:
    """Return the address of a part of a structure."""
    return address + LAYOUT[name]


class RefusedError(Exception):
    """What the commands cannot do here."""


class UnreadableError(Exception):
    """Memory that the debugger does not have."""


class Debugger:
    """What a debugger has to do."""

    def read(self, address: int, size: int) -> bytes:
        """Return bytes of the program's memory; raises UnreadableError."""
        raise NotImplementedError

    def address_of(self, symbol: str) -> int | None:
        """Return where a symbol of the program is, None if there is none."""
        raise NotImplementedError


debuggers: List[Debugger] = []  # noqa: UP006
"""The one that is used is last."""


def read(address: int, size: int) -> bytes:
    """Return bytes of the program's memory; raises UnreadableError."""
    return debuggers[-1].read(address, size)


def pointer(address: int) -> int:
    """Return the word at an address."""
    return int(struct.unpack("<Q", read(address, 8))[0])


def integer(address: int) -> int:
    """Return the int at an address."""
    return int(struct.unpack("<i", read(address, 4))[0])


def symbol(name: str) -> int:
    """Return the address of a symbol; raises RefusedError where there is no Python."""
    found = debuggers[-1].address_of(name)
    if found is None:
        raise RefusedError("there is no Python in this program")
    return found


def interpreters() -> Iterator[int]:
    """Yield the addresses of the interpreters; raises RefusedError for another version."""
    version = pointer(symbol("Py_Version")) >> 16
    if version != LAYOUT["version"]:
        ours, theirs = (f"{each >> 8}.{each & 255}" for each in (LAYOUT["version"], version))
        raise RefusedError(f"the program runs Python {theirs}, and these commands know {ours}")
    each = pointer(at(symbol("_PyRuntime"), "runtime_interpreters"))
    while each:
        yield each
        each = pointer(at(each, "interpreter_next"))


def text(address: int) -> str:
    """Return a str of the program; `?` for what is none."""
    if not address or pointer(at(address, "object_type")) != symbol("PyUnicode_Type"):
        return "?"
    state = integer(at(address, "str_state")) & 0xFFFFFFFF
    bits = LAYOUT["str_kind_bits"]
    kind = (state & bits) // (bits & -bits)
    start = "str_ascii_data" if state & LAYOUT["str_ascii_bits"] else "str_data"
    length = min(pointer(at(address, "str_length")), 1000)
    encoding = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}.get(kind)
    if encoding is None:
        return "?"
    return read(at(address, start), length * kind).decode(encoding, "replace")


def c_text(address: int) -> str:
    """Return a C string of the program."""
    found = b""
    while b"\0" not in found and len(found) < 200:
        found += read(address + len(found), 1)
    return found.partition(b"\0")[0].decode("utf-8", "replace")


def line_of(code: int, offset: int) -> int:
    """Return the line of the instruction at a byte of a code, 0 for none."""
    table_at = pointer(at(code, "code_lines"))
    table = read(at(table_at, "bytes_data"), pointer(at(table_at, "object_size")))
    line = integer(at(code, "code_first_line"))
    if offset < 0:
        return line
    end, place = 0, 0
    while place < len(table):
        kind, units = table[place] >> 3 & 15, (table[place] & 7) + 1
        line += change(kind, table[place + 1 :])
        end += 2 * units
        if offset < end:
            return 0 if kind == 15 else line
        place += 1
        while place < len(table) and not table[place] & 128:
            place += 1
    return 0


def change(kind: int, rest: bytes) -> int:
    """Return how many lines an entry of the location table goes on (Objects/locations.md)."""
    if kind in (11, 12):
        return kind - 10
    if kind not in (13, 14):
        return 0
    value = shift = 0
    for byte in rest:
        value |= (byte & 63) << shift
        shift += 6
        if not byte & 64:
            break
    return -(value >> 1) if value & 1 else value >> 1


def threads() -> Iterator[Tuple[int, int]]:  # noqa: UP006
    """Yield the address and the kernel's number of each thread."""
    for interpreter in interpreters():
        each = pointer(at(interpreter, "interpreter_threads"))
        while each:
            yield each, pointer(at(each, "thread_native_id"))
            each = pointer(at(each, "thread_next"))


def stack(thread: int) -> Iterator[str]:
    """Yield the frames of a thread, the latest first."""
    frame = pointer(at(thread, "thread_frame"))
    if frame and LAYOUT["thread_frame_inner"] >= 0:
        frame = pointer(at(frame, "thread_frame_inner"))
    code_type = symbol("PyCode_Type")
    for _ in range(MOST_FRAMES):
        if not frame:
            return
        code = pointer(at(frame, "frame_code")) & ~3
        if code and pointer(at(code, "object_type")) == code_type:
            offset = pointer(at(frame, "frame_instruction")) - at(code, "code_start")
            file, name = (text(pointer(at(code, part))) for part in ("code_file", "code_name"))
            yield f'File "{file}", line {line_of(code, offset)} in {name}'
        frame = pointer(at(frame, "frame_previous"))
    yield "..."


def tracked(interpreter: int) -> Iterator[int]:
    """Yield the objects that the collector tracks."""
    lists = [f"gc_generation_{number}" for number in range(3)]
    left = MOST_OBJECTS
    for name in [*lists, "gc_permanent"]:
        head = at(interpreter, name)
        each = pointer(head) & ~3
        while each not in (head, 0) and left:
            yield at(each, "gc_head")
            each = pointer(each) & ~3
            left -= 1


def show_stacks() -> None:
    """Print the Python stack of each thread."""
    for thread, number in threads():
        print(f"Thread {number} (most recent call first):")
        try:
            for line in list(stack(thread)) or ["no Python on it"]:
                print(f"  {line}")
        except UnreadableError:
            print("  ... that cannot be read")


def show_collector() -> None:
    """Print the collector's state."""
    for interpreter in interpreters():
        enabled = "enabled" if integer(at(interpreter, "gc_enabled")) else "disabled"
        collecting = "" if integer(at(interpreter, "gc_collecting")) else "not "
        print(f"Collector: {enabled}, {collecting}collecting")
        for number in range(3):
            generation = at(interpreter, f"gc_generation_{number}")
            count = integer(at(generation, "generation_count"))
            print(
                f"  generation {number}: {count} of "
                f"{integer(at(generation, 'generation_threshold'))}"
            )


def show_heap() -> None:
    """Print the types with most bytes, as far as the lists of objects can be followed."""
    counts: Counter[int] = Counter()
    sizes: Dict[int, int] = {}  # noqa: UP006
    try:
        for interpreter in interpreters():
            for each in tracked(interpreter):
                kind = pointer(at(each, "object_type"))
                counts[kind] += 1
                sizes[kind] = sizes.get(kind, 0) + size_of(each, kind)
    except UnreadableError:
        print("A list of objects cannot be followed to its end; these are not all.")
    print(f"Heap: {sum(counts.values())} objects that the collector tracks")
    print("       count          bytes  type")
    for kind, size in sorted(sizes.items(), key=lambda item: -item[1])[:SHOWN]:
        print(f"{counts[kind]:12}{size:15}  {c_text(pointer(at(kind, 'type_name')))}")


def size_of(each: int, kind: int) -> int:
    """Return the bytes of an object without what it points to."""
    size, item = pointer(at(kind, "type_basic")), pointer(at(kind, "type_item"))
    if item:
        items = struct.unpack("<q", read(at(each, "object_size"), 8))[0]
        size += item * abs(items) if abs(items) < 1 << 32 else 0
    return size


COMMANDS: List[Tuple[str, Callable[[], None]]] = [  # noqa: UP006
    ("wadjet-stacks", show_stacks),
    ("wadjet-gc", show_collector),
    ("wadjet-heap", show_heap),
]
