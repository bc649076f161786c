"""A program that asks for memory in every way there is, keeps it, and says how much that was.

python bench/workloads/kinds.py [--report FILE]
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from array import array
from collections.abc import Callable
from pathlib import Path

import meter

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pyarrow as pa
from lxml import etree

MB = 1_000_000
INT = 32  # bytes that are asked for, of which sys.getsizeof leaves the padding out
XML_NODE = 120  # bytes of libxml2's xmlNode where pointers have eight
ROWS = 40_000
LIBC = ctypes.CDLL(None)
SIZE, POINTER = ctypes.c_size_t, ctypes.c_void_p
for _name in ("malloc", "calloc", "realloc", "memalign", "mmap", "sbrk"):
    getattr(LIBC, _name).restype = POINTER
LIBC.malloc.argtypes = [SIZE]
LIBC.realloc.argtypes = [POINTER, SIZE]
LIBC.mmap.argtypes = [POINTER, SIZE, *[ctypes.c_int] * 3, ctypes.c_long]
KEPT: list[object] = []
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
READ_WRITE = mmap.PROT_READ | mmap.PROT_WRITE


class Item:
    """An instance with a few attributes."""

    __slots__ = ("first", "second", "third")

    def __init__(self, number: int) -> None:
        self.first, self.second, self.third = None, None, number & 1


def kept(made: object, size: int) -> int:
    """Keep what was made for good."""
    KEPT.append(made)
    return size


def filled(address: int | None, size: int) -> int:
    """Write to memory, so that it is resident."""
    assert address
    ctypes.memset(address, 1, size)
    return size


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE


def kind_bytes() -> int:
    return kept(made := b"x" * (20 * MB), sys.getsizeof(made))


def kind_bytearray() -> int:
    return kept(made := bytearray(20 * MB), sys.getsizeof(made))


def kind_list_of_ints() -> int:
    made = list(range(1000, 401_000))
    return kept(made, sys.getsizeof(made) + len(made) * INT)


def kind_dict() -> int:
    made = dict.fromkeys(range(1000, 301_000))
    return kept(made, sys.getsizeof(made) + len(made) * INT)


def kind_instances() -> int:
    made = [Item(number) for number in range(200_000)]
    return kept(made, sys.getsizeof(made) + len(made) * sys.getsizeof(made[0]))


def kind_numpy_ones() -> int:
    return kept(made := np.ones(3 * MB), made.nbytes)


def kind_numpy_zeros() -> int:
    made = np.zeros(3 * MB)
    made[:] = 1.0  # else it is asked for, and never there
    return kept(made, made.nbytes)


def kind_malloc() -> int:
    return filled(LIBC.malloc(20 * MB), 20 * MB)


def kind_calloc() -> int:
    return filled(LIBC.calloc(SIZE(20), SIZE(MB)), 20 * MB)


def kind_realloc() -> int:
    return filled(LIBC.realloc(LIBC.malloc(5 * MB), 20 * MB), 20 * MB)


def kind_memalign() -> int:
    return filled(LIBC.memalign(SIZE(4096), SIZE(20 * MB)), 20 * MB)


def kind_small_mallocs() -> int:
    made = array("L", map(LIBC.malloc, [56] * 500_000))
    return kept(made, 500_000 * 56 + sys.getsizeof(made))


def kind_native_thread() -> int:
    thread = ctypes.c_ulong()
    LIBC.pthread_create(ctypes.byref(thread), None, LIBC.malloc, SIZE(20 * MB))
    made = POINTER()
    LIBC.pthread_join(thread, ctypes.byref(made))
    return filled(made.value, 20 * MB)


def kind_libc_mmap() -> int:
    return filled(LIBC.mmap(None, 20 * MB, READ_WRITE, PRIVATE, -1, 0), 20 * MB)


def kind_raw_mmap() -> int:
    LIBC.syscall.restype = POINTER
    number = {"x86_64": 9, "aarch64": 222}[os.uname().machine]
    words = (POINTER(), SIZE(20 * MB), READ_WRITE, PRIVATE, -1, ctypes.c_long(0))
    return filled(LIBC.syscall(ctypes.c_long(number), *words), 20 * MB)


def kind_sbrk() -> int:
    return filled(LIBC.sbrk(ctypes.c_long(20 * MB)), 20 * MB)


def kind_mmap_module() -> int:
    made = mmap.mmap(-1, 20 * MB)
    made[:] = b"x" * (20 * MB)
    return kept(made, 20 * MB)


def kind_pyarrow() -> int:
    """Its allocator maps more than it is asked for: what is resident is the truth."""
    before = resident()
    made = pa.allocate_buffer(20 * MB)
    np.frombuffer(made, np.uint8)[:] = 1
    return kept(made, resident() - before)


def kind_lxml_tree() -> int:
    """A tree in C, of which Python has the root: two nodes a row, and the text of one."""
    root = etree.Element("root")
    for _ in range(ROWS):
        etree.SubElement(root, "row").text = "x" * 99
    return kept(root, ROWS * (2 * XML_NODE + 100))


def main() -> None:
    """Do it all, and report what was asked for by each."""
    args = meter.arguments(__doc__).parse_args()
    kinds: dict[str, Callable[[], int]] = {
        name.removeprefix("kind_"): made
        for name, made in globals().items()
        if name.startswith("kind_")
    }
    with meter.measured(args.report) as facts:
        facts["truth"] = {name: made() for name, made in kinds.items()}


if __name__ == "__main__":
    main()
