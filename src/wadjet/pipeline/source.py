r"""The first station: the bytes of a file become text, and places in it.

The compiler counts columns in bytes of UTF-8 and lines by the three line ends it knows;
text is cut by characters, and must be written back as it was read. Only this file knows
both.

>>> source = Source("a.py", "é = f(x)\r\ny = 1\r\n")
>>> source.offset(1, 5), source.offset(2, 0)
(4, 10)
>>> source.line(2)
'y = 1'
"""

from __future__ import annotations

import codecs
import io
import os
import re
import shutil
import tokenize
from bisect import bisect_right
from pathlib import Path

from wadjet.errors import OutputError, SourceError

_LINE_END = re.compile(r"\r\n?|\n")


class Source:
    """The text of a module. ``path`` is what messages call it."""

    __slots__ = ("_starts", "encoding", "is_ascii", "mark", "path", "text")

    def __init__(
        self, path: str, text: str, encoding: str = "utf-8", *, mark: bool = False
    ) -> None:
        self.path = path
        self.text = text
        self.encoding = encoding
        self.mark = mark
        self.is_ascii = text.isascii()
        self._starts: list[int] | None = None

    @property
    def starts(self) -> list[int]:
        """Where each line starts, in characters."""
        if self._starts is None:
            self._starts = [0, *(end.end() for end in _LINE_END.finditer(self.text))]
        return self._starts

    def offset(self, line: int, column: int) -> int:
        """Return the character at a compiler's position: ``line`` from 1, bytes from 0."""
        start = self.starts[line - 1]
        if self.is_ascii:
            return start + column
        return start + len(self.line(line).encode()[:column].decode(errors="ignore"))

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of a character, both from 1."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return a line, from 1, without its end."""
        start = self.starts[number - 1]
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def encoded(self, text: str) -> bytes:
        """Return another text of this file as its bytes; raises SourceError."""
        try:
            data = text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise SourceError(
                f"{self.path} is {self.encoding}, which has no {error.object[error.start]!r}"
            ) from None
        return codecs.BOM_UTF8 + data if self.mark else data


def read(path: Path) -> Source:
    """Read a file as the compiler would; raises SourceError."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceError(f"cannot read {path} ({reason})") from None
    return decode(str(path), data)


def decode(path: str, data: bytes) -> Source:
    """Decode a file's bytes as its first lines ask for (PEP 263); raises SourceError."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        mark = data.startswith(codecs.BOM_UTF8)
        encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        text = (data[len(codecs.BOM_UTF8) :] if mark else data).decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise SourceError(f"{path} cannot be decoded ({error})") from None
    return Source(path, text, encoding, mark=mark)


def write(source: Source, text: str) -> None:
    """Put another text in the place of a file, all at once; raises OutputError or SourceError.

    A file that is no longer what was read is left alone.
    """
    path = Path(source.path).resolve()  # a link stays one
    data = source.encoded(text)
    if read(path).text != source.text:
        raise SourceError(f"{source.path} has changed meanwhile", "run the command again")
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        shutil.copymode(path, beside)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OutputError(f"cannot write {source.path} ({error.strerror})") from None
