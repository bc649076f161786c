"""Names of native addresses, from the ELF files they lie in.

The symbol table gives names, DWARF line tables files and lines where there are any, also
in separate debug files found by build id. Everything is read when it is first asked for.
"""

from __future__ import annotations

import mmap
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, cast

from elftools.common.exceptions import DWARFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import NoteSection

DEBUG_FOLDER = Path("/usr/lib/debug/.build-id")
_SYMBOL = struct.Struct("<IBBHQQ")  # Elf64_Sym
_FUNCTION_TYPES = (2, 10)  # STT_FUNC, STT_GNU_IFUNC
_LOCAL = 0  # STB_LOCAL
_ROW_BITS = 32
_ROWS = (1 << _ROW_BITS) - 1
_Named = tuple[int, int, bool, str]  # address, size, known outside, name
_NOTHING: _Named = (-1, 0, False, "")
_UNWIND_INDEX = b"\x01\x1b\x03\x3b"  # version 1; pointers relative, 4 bytes signed
_LINES_LIMIT = 64 << 20  # bytes of .debug_line beyond which lines take too long to read


@dataclass(frozen=True, slots=True)
class Symbol:
    """Where a native address lies; ``file`` and ``line`` are empty and 0 where unknown."""

    name: str
    file: str = ""
    line: int = 0
    first_line: int = 0


class Symbolizer:
    """Finds symbols; keeps what it has read of each library.

    Lines come from the libraries themselves, and where ``separately`` also from debug files
    beside them: those of the system's libraries are large, and seldom of interest.
    """

    def __init__(self, *, separately: bool = True) -> None:
        self._separately = separately
        self._libraries: dict[str, _Library | None] = {}

    def find(self, path: str, address: int) -> Symbol | None:
        """Return the symbol at ``address``, relative to where ``path`` was loaded."""
        try:
            if path not in self._libraries:
                self._libraries[path] = None  # unless it can be read
                self._libraries[path] = _open(Path(path), separately=self._separately)
            library = self._libraries[path]
            return None if library is None else library.find(address)
        except Exception:  # gone, no ELF file, or whatever damage makes of one
            return None


class _Library:
    """The functions of one library, which one or two ELF files describe."""

    def __init__(self, name: str, files: list[ELFFile], lines: _Lines) -> None:
        self._name = name
        self._files = files
        self._tables = [table for file in files for table in _tables(file)]
        self._lines = lines

    def find(self, address: int) -> Symbol | None:
        """Return the function at ``address``; one without a name is called by its start."""
        start, size, _, name = max(
            (table.before(address) for table in self._tables), default=_NOTHING
        )
        if start < 0 or (size and address >= start + size):
            at = bisect_right(self._nameless, address) - 1
            if at < 0:
                return None
            start = self._nameless[at]
            name = f"{self._name}+{start:#x}"
        file, line = self._lines.find(address)
        _, first_line = self._lines.find(start)
        return Symbol(demangle(name), file, line, first_line)

    @cached_property
    def _nameless(self) -> list[int]:
        return sorted(start for file in self._files for start in _unwind_starts(file))


class _Table:
    """The functions of one symbol table; a name is read when it is asked for."""

    def __init__(self, data: bytes, texts: bytes) -> None:
        self._data = data[: len(data) // _SYMBOL.size * _SYMBOL.size]
        self._texts = texts
        self._starts = sorted(  # the address above the row: half the time of pairs
            value << _ROW_BITS | row
            for row, (_, info, _, section, value, _) in enumerate(_SYMBOL.iter_unpack(self._data))
            if info & 15 in _FUNCTION_TYPES and section and value
        )

    def before(self, address: int) -> _Named:
        """Return the last function that starts at ``address`` or before.

        Of several names of one function that sorts last which others call it by.
        """
        at = bisect_right(self._starts, address << _ROW_BITS | _ROWS) - 1
        if at < 0:
            return _NOTHING
        start, best = self._starts[at] >> _ROW_BITS, _NOTHING
        while at >= 0 and self._starts[at] >> _ROW_BITS == start:
            best = max(best, self._row(self._starts[at] & _ROWS))
            at -= 1
        return best

    def _row(self, row: int) -> _Named:
        text, info, _, _, value, size = _SYMBOL.unpack_from(self._data, row * _SYMBOL.size)
        name = self._texts[text : self._texts.index(0, text)].decode(errors="replace")
        return value, size, info >> 4 != _LOCAL, name


class _Lines:
    """The line tables of a library, a compilation unit at a time."""

    def __init__(self, files: list[ELFFile]) -> None:
        self._files = files
        self._units: dict[int, tuple[list[int], list[tuple[str, int]]]] = {}

    @cached_property
    def _dwarf(self) -> Any:
        """What the last file with lines has; None where there is none."""
        for file in reversed(self._files):
            section = file.get_section_by_name(".debug_line")
            if section is not None and section["sh_size"] <= _LINES_LIMIT:
                return file.get_dwarf_info()
        return None

    @cached_property
    def _ranges(self) -> Any:
        return None if self._dwarf is None else self._dwarf.get_aranges()

    def find(self, address: int) -> tuple[str, int]:
        """Return file and line, ("", 0) where they are not known."""
        offset = None if self._ranges is None else self._ranges.cu_offset_at_addr(address)
        if offset is None:
            return "", 0
        if offset not in self._units:
            self._units[offset] = _unit_lines(self._dwarf, offset)
        starts, places = self._units[offset]
        at = bisect_right(starts, address) - 1
        return places[at] if at >= 0 else ("", 0)


def demangle(name: str) -> str:
    """Return the name without the version that a symbol table may append to it."""
    return name.partition("@")[0]


def _open(path: Path, *, separately: bool) -> _Library:
    file = _elf(path)
    debug = _debug_file(file)
    files = [file] if debug is None else [file, _elf(debug)]
    return _Library(path.name, files, _Lines(files if separately else [file]))


def _elf(path: Path) -> ELFFile:
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return ELFFile(cast("IO[bytes]", mapped))


def _debug_file(file: ELFFile) -> Path | None:
    section = file.get_section_by_name(".note.gnu.build-id")
    if not isinstance(section, NoteSection):
        return None
    for note in section.iter_notes():
        build = str(note["n_desc"])
        path = DEBUG_FOLDER / build[:2] / f"{build[2:]}.debug"
        if path.exists():
            return path
    return None


def _tables(file: ELFFile) -> Iterator[_Table]:
    for section_name in (".symtab", ".dynsym"):
        table = file.get_section_by_name(section_name)
        if table is not None and table["sh_type"] != "SHT_NOBITS":
            yield _Table(table.data(), file.get_section(table["sh_link"]).data())


def _unwind_starts(file: ELFFile) -> Iterator[int]:
    """Yield where functions start by the unwind table's index, which stripping leaves."""
    section = file.get_section_by_name(".eh_frame_hdr")
    if section is None:
        return
    data = section.data()
    if len(data) < 12 or data[:4] != _UNWIND_INDEX:
        return  # another encoding: no compiler we know writes one
    count = int.from_bytes(data[8:12], "little")
    for start, _ in struct.iter_unpack("<ii", data[12 : 12 + 8 * count]):
        yield section["sh_addr"] + start


def _unit_lines(dwarf: Any, offset: int) -> tuple[list[int], list[tuple[str, int]]]:
    """Return the addresses of a compilation unit's lines, and the lines."""
    try:
        program = dwarf.line_program_for_CU(dwarf.get_CU_at(offset))
        rows = [entry.state for entry in program.get_entries() if entry.state is not None]
        names = _file_names(program.header)
    except (DWARFError, KeyError, IndexError, ValueError):
        return [], []
    rows.sort(key=lambda row: row.address)
    places = [
        (names.get(row.file, ""), row.line) if not row.end_sequence else ("", 0) for row in rows
    ]
    return [row.address for row in rows], places


def _file_names(header: Any) -> dict[int, str]:
    first = 0 if header["version"] >= 5 else 1
    folders = [
        each if isinstance(each, bytes) else each.DW_LNCT_path
        for each in header["include_directory"]
    ]
    names = {}
    for number, entry in enumerate(header["file_entry"], first):
        folder = entry.dir_index - first
        text = entry.name.decode(errors="replace")
        if not text.startswith("/") and 0 <= folder < len(folders):
            text = f"{folders[folder].decode(errors='replace')}/{text}"
        names[number] = text
    return names
