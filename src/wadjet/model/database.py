"""The SQLite file behind a recording: made anew, opened, and refused where it is none.

A file that is being written is locked (``flock``), so that nobody writes over it; reading
it meanwhile is fine. Changes reach the file at commits only, in one short burst.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from wadjet.errors import NoInputError, OutputError, RecordingError

FORMAT = 1
APPLICATION_ID = int.from_bytes(b"WDJT", "big")

_MAGIC = b"SQLite format 3\0"
_PATIENCE = 60.0  # seconds that a commit waits for somebody who reads the file
_BESIDE = ("-journal", "-wal", "-shm")

if sys.platform != "win32":
    import fcntl

    def _lock(file: int) -> bool:
        """Lock an open file; return False if somebody else has."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks: nothing can be said
            return True
        return True

    def _unlock(file: int) -> None:
        """Unlock it for all who have it open: a forked child may, for as long as it lives."""
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)

else:

    def _lock(_file: int) -> bool:
        """Say that the file is ours: this system has no such locks."""
        return True

    def _unlock(_file: int) -> None:
        """Do nothing, as nothing was locked."""


class NewDatabase:
    """A new database at ``path``, locked until it is closed.

    Raises OutputError where the path is taken, is no file, or cannot be written.
    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self._file = -1
        try:
            if overwrite:
                _clear(path)
            self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
            _lock(self._file)
            self.base = sqlite3.connect(path.absolute(), timeout=_PATIENCE, check_same_thread=False)
            self.base.execute("PRAGMA synchronous = OFF")  # the process may die, not the machine
            self.base.execute("PRAGMA cache_spill = OFF")
        except FileExistsError:
            cure = "choose another --output or pass --overwrite"
            raise OutputError(f"{path} exists", cure) from None
        except (OSError, sqlite3.Error) as error:
            raise OutputError(f"cannot write {path} ({_reason(error)})") from None

    def close(self) -> None:
        """Close the database, and let go of the lock last: closing the file drops any other."""
        try:
            self.base.close()
        finally:
            _unlock(self._file)
            os.close(self._file)


def _clear(path: Path) -> None:
    """Remove an old recording, and what SQLite may have left beside it."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OutputError(f"{path} is not a file that can be replaced", "choose another name")
        if not _lock(file):
            raise OutputError(f"{path} is just being recorded", "choose another --output")
        path.unlink()
        for suffix in _BESIDE:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    finally:
        os.close(file)


def open_existing(path: Path) -> sqlite3.Connection:
    """Open a recording; raises NoInputError, or RecordingError if it is something else."""
    _refuse_other_files(path)
    base = None
    try:
        base = sqlite3.connect(path.absolute())
        (application,) = base.execute("PRAGMA application_id").fetchone()
        (version,) = base.execute("PRAGMA user_version").fetchone()
        _refuse_other_databases(path, application, version)
        _refuse_cut_short(path, base)
    except (sqlite3.Error, ValueError) as error:  # ValueError: names that are no UTF-8
        _close(base)
        raise RecordingError(
            f"{path} cannot be read ({error})", "it may be cut short or damaged: record again"
        ) from None
    except RecordingError:
        _close(base)
        raise
    return base


def _close(base: sqlite3.Connection | None) -> None:
    if base is not None:
        base.close()


def _refuse_other_files(path: Path) -> None:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            kind = "a directory" if path.is_dir() else "not a regular file"
            raise NoInputError(f"{path} is {kind}", "name a recording, such as app.wadjet")
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except (OSError, ValueError) as error:
        raise NoInputError(f"cannot read {path} ({_reason(error)})") from None
    if not start:
        raise RecordingError(f"{path} is empty", "make a recording with `wadjet run`")
    if start != _MAGIC:
        raise RecordingError(f"{path} is not a Wadjet recording", "make one with `wadjet run`")


def _refuse_other_databases(path: Path, application: int, version: int) -> None:
    if application != APPLICATION_ID:
        raise RecordingError(
            f"{path} is a database, but not a Wadjet recording", "make one with `wadjet run`"
        )
    if version > FORMAT:
        raise RecordingError(
            f"{path} was written by a newer Wadjet (format {version}, this one reads {FORMAT})",
            "upgrade with `pip install -U wadjet`",
        )


def _refuse_cut_short(path: Path, base: sqlite3.Connection) -> None:
    """Refuse a file whose last page is not whole: SQLite would read the rest as zeros."""
    base.execute("BEGIN")  # no writer changes the size while we look
    (pages,) = base.execute("PRAGMA page_count").fetchone()
    (page,) = base.execute("PRAGMA page_size").fetchone()
    size = path.stat().st_size
    base.execute("COMMIT")
    if size < pages * page:
        raise RecordingError(
            f"{path} is cut short: {size:,} of {pages * page:,} bytes are there", "copy it again"
        )


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


class Complaints:
    """Turns the database's complaints into an OutputError that names the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, sqlite3.Error):
            raise OutputError(
                f"cannot write {self._path} ({error})", "free some space or choose another --output"
            ) from None
