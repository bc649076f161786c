"""The pages that every start of an image writes, as its first one shows.

They are some hundred out of tens of thousands, and each is a fault. Kernels since Linux 6.14 make
them ready in one call, for half of the time; the image has a table for that (``wj_needed`` in
core/compiler/snapshot), which is written here. For pages that are only read it does not pay: the
kernel gives sixteen of those for a fault.
"""

from __future__ import annotations

import os
import select
import struct
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from elftools.elf.elffile import ELFFile

_VARIABLE = "WADJET_SNAPSHOT_TRIAL"
_PAGE = 4096
_PRESENT, _OF_A_FILE = 1 << 63, 1 << 61  # Documentation/admin-guide/mm/pagemap.rst
_MOST = 1024  # WJ_MOST_RUNS
_PATIENCE = 60.0
"""Seconds within which an image starts, on whatever machine."""


def needed(image: Path, environment: Mapping[str, str]) -> list[tuple[int, int]]:
    """Start an image, without running its program, and return runs of pages that it has written.

    A run is an address and its bytes. Where nothing can be seen, or the start does not come so
    far, there is none.
    """
    reader, writer = os.pipe()
    try:
        process = _started(image, {**environment, _VARIABLE: str(writer)}, writer)
    except OSError:  # nothing may be executed where it lies
        os.close(reader)
        return []
    finally:
        os.close(writer)
    with process, os.fdopen(reader, "rb") as end:
        try:
            there = select.select([end], [], [], _PATIENCE)[0] and end.read(1)
            return runs(_written(image, process.pid)) if there else []
        except OSError:
            return []
        finally:
            process.kill()


def _started(image: Path, environment: Mapping[str, str], kept: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [image.resolve()],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        pass_fds=(kept,),
        cwd="/",
    )


def _written(image: Path, process: int) -> Iterator[int]:
    with Path(f"/proc/{process}/pagemap").open("rb", buffering=0) as pagemap:
        for start, end in _writable(image):
            for address, entry in _entries(pagemap, start, end):
                if entry & _PRESENT and not entry & _OF_A_FILE:
                    yield address


def _writable(image: Path) -> list[tuple[int, int]]:
    with image.open("rb") as file:
        parts = [each.header for each in ELFFile(file).iter_segments("PT_LOAD")]
    return [(each.p_vaddr, each.p_vaddr + each.p_memsz) for each in parts if each.p_flags & 2]


def _entries(pagemap: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int]]:
    pagemap.seek(start // _PAGE * 8)
    data = pagemap.read((end - start) // _PAGE * 8)
    for number, (entry,) in enumerate(struct.iter_unpack("<Q", data[: len(data) // 8 * 8])):
        yield start + number * _PAGE, entry


def runs(addresses: Iterable[int]) -> list[tuple[int, int]]:
    """Return pages that follow each other as runs, the longest if there are too many.

    >>> [(hex(start), size) for start, size in runs([0x1000, 0x2000, 0x5000])]
    [('0x1000', 8192), ('0x5000', 4096)]
    """
    found: list[tuple[int, int]] = []
    for each in addresses:
        if found and sum(found[-1]) == each:
            found[-1] = found[-1][0], found[-1][1] + _PAGE
        else:
            found.append((each, _PAGE))
    return sorted(sorted(found, key=lambda run: run[1])[-_MOST:])


def note(image: BinaryIO, address: int, found: Sequence[tuple[int, int]]) -> None:
    """Write the table that the image has at an address of its memory."""
    [place] = ELFFile(image).address_offsets(address)
    image.seek(place)
    image.write(struct.pack("<Q", len(found)))
    image.writelines(struct.pack("<2Q", *run) for run in found)
