r"""The .pyc station: files of code that say in their names which passes made them.

>>> from pathlib import Path
>>> cache_path(Path("lib/app.py"), "x0123", 0).name.replace(sys.implementation.cache_tag, "TAG")
'app.TAG.opt-x0123.pyc'

A file is written whole beside its place and then put there, so that readers see the old one
or the new one. What it was compiled from is told by a hash of the source, or by its time and
size; a source so young that it could change once more within its time stamp goes by hash.
"""

from __future__ import annotations

import marshal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path
from types import CodeType

from wadjet.errors import PycError
from wadjet.pipeline.code import record, tag_of

_HEADER = 16
_YOUNG = 2.0  # seconds: the coarsest time stamp of a file system still in use


class Check(Enum):
    """How a .pyc knows that its source is still the same: flags of PEP 552."""

    TIME = 0
    NEVER = 1
    HASH = 3


@dataclass(frozen=True, slots=True)
class Compiled:
    """A .pyc that has been read. ``key`` is time and size, or the hash, of its source."""

    path: Path
    check: Check
    key: bytes
    code: CodeType

    @property
    def record(self) -> str:
        """The passes it went through, as they are written in it; empty for none."""
        return record(self.code) or ""

    @property
    def tag(self) -> str:
        """The tag in its name, without the interpreter's own level; empty for none."""
        return tag_in(self.path)


def cache_path(source: Path, tag: str, level: int) -> Path:
    """Return where the code of a source is kept (PEP 3147, 488); honours a cache prefix."""
    name = f"{source.stem}.{sys.implementation.cache_tag}"
    optimization = f"{level or ''}{tag}"
    if optimization:
        name += f".opt-{optimization}"
    if sys.pycache_prefix is None:
        return source.parent / "__pycache__" / f"{name}.pyc"
    absolute = source.parent.absolute()
    return Path(sys.pycache_prefix, *absolute.parts[1:], f"{name}.pyc")


def tag_in(path: Path) -> str:
    """Return the tag in a file's name: ``x`` and twelve hexadecimal digits, or nothing."""
    _, mark, optimization = path.stem.rpartition(".opt-")
    return optimization.lstrip("012") if mark else ""


def level_in(path: Path) -> int:
    """Return the interpreter's own level, of ``-O`` and ``-OO``, in a file's name."""
    first = path.stem.rpartition(".opt-")[2][:1]
    return int(first) if first in ("1", "2") and ".opt-" in path.stem else 0


def source_path(path: Path) -> Path:
    """Return the source that a file in ``__pycache__`` belongs to."""
    return path.parent.parent / f"{path.name.split('.', 1)[0]}.py"


def key_of(check: Check, data: bytes, modified: float) -> bytes:
    """Return what stands in the header for a source."""
    if check is Check.TIME:
        seconds, size = int(modified) & 0xFFFFFFFF, len(data) & 0xFFFFFFFF
        return seconds.to_bytes(4, "little") + size.to_bytes(4, "little")
    return source_hash(data)


def check_for(modified: float) -> Check:
    """Return how a source of this time is to be checked: one just written, by its hash."""
    return Check.HASH if time.time() - modified < _YOUNG else Check.TIME


def encoded(code: CodeType, check: Check, key: bytes) -> bytes:
    """Return the bytes of a .pyc: the same for the same source, whatever else was compiled.

    ``marshal`` marks objects that somebody else holds too, as they may come again; which those
    are depends on the process. So all are held while it writes.
    """
    flags = check.value.to_bytes(4, "little")
    held = list(_parts(code))
    data = marshal.dumps(code)
    del held
    return MAGIC_NUMBER + flags + key + data


def _parts(code: CodeType) -> Iterator[object]:
    """Yield every object of a code object that it can be asked for."""
    yield from (code, code.co_linetable, code.co_exceptiontable, code.co_names, code.co_filename)
    yield from (code.co_name, code.co_qualname, *code.co_names)
    yield from (*code.co_varnames, *code.co_cellvars, *code.co_freevars)
    stack: list[object] = [code.co_consts]
    while stack:
        value = stack.pop()
        yield value
        if isinstance(value, (tuple, frozenset)):
            stack += value
        elif isinstance(value, CodeType):
            yield from _parts(value)


def read(path: Path) -> Compiled:
    """Read a .pyc of this Python; raises PycError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PycError(f"cannot read {path} ({error.strerror})") from None
    if data[:4] != MAGIC_NUMBER:
        raise PycError(f"{path} was not made by Python {sys.version.split()[0]}")
    try:
        check = Check(int.from_bytes(data[4:8], "little"))
        code = marshal.loads(data[_HEADER:])
    except (ValueError, EOFError, TypeError) as error:
        raise PycError(f"{path} is damaged ({error})") from None
    if not isinstance(code, CodeType):
        raise PycError(f"{path} has no code in it")
    return Compiled(path, check, data[8:_HEADER], code)


def problems(
    path: Path, compile_anew: Callable[[Path, Path, bytes, str], CodeType]
) -> Iterator[str]:
    """Yield what is wrong with a .pyc in ``__pycache__``; nothing where all is well.

    ``compile_anew`` takes the file, its source, the bytes of that and a record, and raises
    LookupError for a record whose passes are not to be had.
    """
    try:
        found = read(path)
    except PycError as error:
        yield error.what
        return
    if found.tag != tag_of(found.record):
        yield f"its name says {found.tag or 'no passes'}, and its code {found.record or 'none'}"
        return
    source = source_path(path)
    try:
        data, modified = source.read_bytes(), source.stat().st_mtime
    except OSError as error:
        yield f"its source {source} cannot be read ({error.strerror})"
        return
    if found.check is not Check.NEVER and key_of(found.check, data, modified) != found.key:
        yield f"{source} has changed since"
        return
    try:
        anew = compile_anew(path, source, data, found.record)
    except LookupError as error:
        yield f"made by passes that are not here ({error})"
        return
    if anew != found.code:
        yield "its code is not what its source compiles to"


def files(place: Path) -> Iterator[Path]:
    """Yield the .pyc files that bear a tag of passes, in order of their names.

    ``place`` is a folder, one such file, or a source.
    """
    found: Iterator[Path]
    if place.is_dir():
        found = place.rglob("*.pyc")
    elif place.suffix == ".py":
        found = cache_path(place, "", 0).parent.glob(f"{place.stem}.*.pyc")
    else:
        found = iter([place])
    yield from sorted(path for path in found if tag_in(path).startswith("x"))
