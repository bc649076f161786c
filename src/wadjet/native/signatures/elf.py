"""An ELF image as the loader leaves it: bytes and pointers by address, and names of functions.

Addresses are those of the file, as if it were loaded at 0. An image of any architecture can be
read anywhere: nothing is loaded.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from elftools.common.exceptions import ELFError, ELFParseError
from elftools.elf.elffile import ELFFile

from wadjet.errors import ImageError

_RELATIVE = {"x86_64": (8, 37), "aarch64": (1027, 1032)}  # and indirect: IRELATIVE
_FUNCTIONS = (2, 10)  # STT_FUNC, STT_GNU_IFUNC
_SYMBOL = struct.Struct("<IBBHQQ")
_RELA = struct.Struct("<QQq")
_POINTER = struct.Struct("<Q")
_TEXT_LIMIT = 4096


class Segment(NamedTuple):
    """A part of the file that is loaded; its memory may go on, with zeros."""

    start: int
    size: int
    data: bytes
    executable: bool


class Image:
    """One ELF file; raises ImageError where it is none, or of another machine."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _opened(path)
        self.machine = _machine(self._file, path)
        self.names: dict[int, str] = {}
        """Functions that have a name: address -> name."""
        self.exports: dict[str, int] = {}
        """What can be linked to: name -> address."""
        self.imports: dict[int, str] = {}
        """Pointers that the loader fills in with what other images have: place -> name."""
        self._pointers: dict[int, int] = {}
        try:
            self.segments = tuple(self._segments())
            self._read_symbols()
            self._read_relocations()
        except Exception as error:  # whatever damage makes of tables
            raise ImageError(f"{path} is damaged ({error})", "make or fetch it anew") from None

    def _segments(self) -> Iterator[Segment]:
        for each in self._file.iter_segments():
            if each["p_type"] == "PT_LOAD":
                yield Segment(
                    each["p_vaddr"], each["p_memsz"], each.data(), bool(each["p_flags"] & 1)
                )

    def _read_symbols(self) -> None:
        for kind in (".symtab", ".dynsym"):
            table = self._file.get_section_by_name(kind)
            if table is None or table["sh_type"] == "SHT_NOBITS":
                continue
            texts = self._file.get_section(table["sh_link"]).data()
            data = table.data()
            for text, info, _, section, value, _ in _SYMBOL.iter_unpack(
                data[: len(data) // _SYMBOL.size * _SYMBOL.size]
            ):
                if (section and value and info & 15 <= 2) or ((info & 15) in _FUNCTIONS and value):
                    name = texts[text : texts.find(b"\0", text)].decode(errors="replace")
                    self.exports.setdefault(name, value)
                    if info & 15 in _FUNCTIONS and not name.startswith("$"):
                        if kind == ".dynsym" or value not in self.names:
                            self.names[value] = name

    def _read_relocations(self) -> None:
        relative, indirect = _RELATIVE[self.machine]
        names: list[tuple[str, int]] = self._dynamic
        for section in self._file.iter_sections():
            if section["sh_type"] != "SHT_RELA":
                continue
            data = section.data()
            for place, info, addend in _RELA.iter_unpack(data[: len(data) // 24 * 24]):
                kind, symbol = info & 0xFFFFFFFF, info >> 32
                if kind in (relative, indirect):
                    self._pointers[place] = addend
                elif symbol < len(names):
                    name, value = names[symbol]
                    if value:
                        self._pointers[place] = value + addend
                    if name:
                        self.imports[place] = name

    @cached_property
    def _dynamic(self) -> list[tuple[str, int]]:
        table = self._file.get_section_by_name(".dynsym")
        if table is None:
            return []
        texts = self._file.get_section(table["sh_link"]).data()
        return [
            (texts[text : texts.find(b"\0", text)].decode(errors="replace"), value)
            for text, _, _, _, value, _ in _SYMBOL.iter_unpack(table.data())
        ]

    @cached_property
    def build_id(self) -> bytes:
        """What the linker calls this build; empty where it gave none."""
        section = self._file.get_section_by_name(".note.gnu.build-id")
        return b"" if section is None else bytes(section.data()[16:])

    @cached_property
    def stubs(self) -> tuple[tuple[int, int], ...]:
        """Where the jumps to other images are: start and end."""
        return tuple(
            (section["sh_addr"], section["sh_addr"] + section["sh_size"])
            for section in self._file.iter_sections()
            if section.name.startswith(".plt")
        )

    @cached_property
    def _starts(self) -> list[int]:
        return [each.start for each in self.segments]

    def _segment(self, address: int) -> Segment | None:
        at = bisect_right(self._starts, address) - 1
        if at < 0:
            return None
        found = self.segments[at]
        return found if address < found.start + found.size else None

    def read(self, address: int, size: int) -> bytes:
        """Return up to ``size`` bytes at ``address``, none where nothing is loaded."""
        segment = self._segment(address)
        if segment is None:
            return b""
        offset = address - segment.start
        size = min(size, segment.size - offset)
        return segment.data[offset : offset + size].ljust(size, b"\0")

    def has(self, data: bytes) -> bool:
        """Whether some bytes are anywhere in what is loaded."""
        return any(data in each.data for each in self.segments)

    def is_blank(self, address: int) -> bool:
        """Whether there is memory at ``address`` that the file has nothing for."""
        segment = self._segment(address)
        return segment is not None and address - segment.start >= len(segment.data)

    def is_code(self, address: int) -> bool:
        """Whether ``address`` may be executed."""
        segment = self._segment(address)
        return segment is not None and segment.executable

    def pointer(self, address: int) -> int | None:
        """Return the pointer at ``address``, None where there is nothing."""
        if address in self._pointers:
            return self._pointers[address]
        data = self.read(address, 8)
        return int(_POINTER.unpack(data)[0]) if len(data) == 8 else None

    def pointers(self) -> Iterator[int]:
        """Yield the places of pointers into the image, in no order."""
        yield from self._pointers
        if self._file.get_section_by_name(".relr.dyn") is None:
            return
        for segment in self.segments:  # relative ones are packed: any word may be one
            if not segment.executable:
                start = -(-segment.start // 8) * 8
                yield from range(start, segment.start + len(segment.data) - 7, 8)

    def integer(self, address: int, size: int = 4) -> int:
        """Return the signed integer at ``address``."""
        return int.from_bytes(self.read(address, size), "little", signed=True)

    def text(self, address: int) -> str | None:
        """Return the C string at ``address``, None where there is none that can be read."""
        data = self.read(address, _TEXT_LIMIT)
        end = data.find(b"\0")
        if end < 0:
            return None
        try:
            return data[:end].decode()
        except UnicodeDecodeError:
            return None

    def texts(self, address: int, limit: int = 100) -> list[str] | None:
        """Return the C strings that an array of pointers ends with NULL after, or None."""
        found: list[str] = []
        for at in range(address, address + 8 * limit, 8):
            pointer = self.pointer(at)
            if pointer == 0:
                return found
            text = None if pointer is None else self.text(pointer)
            if text is None:
                return None
            found.append(text)
        return None


def _opened(path: Path) -> ELFFile:
    try:
        return ELFFile(BytesIO(path.read_bytes()))
    except (OSError, ELFError, ELFParseError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no ELF file"
        raise ImageError(f"{path} cannot be read ({why})", "name a compiled module") from None


def _machine(file: ELFFile, path: Path) -> str:
    known = {"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64"}
    machine = file["e_machine"]
    if machine not in known or file.elfclass != 64:
        raise ImageError(
            f"{path} is for another machine ({machine})",
            "code of x86-64 and aarch64 can be read",
        )
    return known[machine]
