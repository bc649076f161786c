"""The file format: a recording is one SQLite database, ``NAME.wadjet``.

It is written a transaction at a time, so that whatever kills the writer leaves a file
that can be read up to its last commit. ``schema.sql`` beside this file documents it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from importlib import resources
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Self, cast, get_args

from wadjet.errors import NoInputError, OutputError, RecordingError
from wadjet.model.profile import (
    CallTree,
    Fact,
    Function,
    Kind,
    Metric,
    Process,
    Profile,
    Samples,
    Thread,
)

FORMAT = 1
APPLICATION_ID = int.from_bytes(b"WDJT", "big")
SUFFIX = ".wadjet"
_FAST = 1


class Writer:
    """Appends to a new recording; what has been committed survives a crash.

    Ids are given by the caller and are positions: functions, frames and nodes must be
    added in order, each once. Raises OutputError where the disk or the path refuses.
    """

    def __init__(self, path: Path, metrics: Sequence[Metric], *, overwrite: bool = False) -> None:
        self.path = path
        self._nodes = self._frames = self._functions = self._blocks = 0
        self._base = _new_file(path, overwrite)
        schema = resources.files(__package__).joinpath("schema.sql").read_text()
        with _Complaints(path):
            self._base.executescript(schema)
            self._base.executemany(
                "INSERT INTO metric VALUES (?, ?, ?, ?)",
                ((i, m.name, m.unit, m.title) for i, m in enumerate(metrics)),
            )
            self._base.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def about(self, facts: Mapping[str, Fact]) -> None:
        """Set facts of the recording, replacing those of the same name."""
        rows = ((key, json.dumps(value)) for key, value in facts.items())
        self._many("INSERT OR REPLACE INTO about VALUES (?, ?)", rows)

    def process(self, number: int, process: Process) -> None:
        """Set process ``number``."""
        row = (number, *astuple(process))
        self._many("INSERT OR REPLACE INTO process VALUES (?, ?, ?, ?, ?, ?, ?)", [row])

    def thread(self, number: int, thread: Thread) -> None:
        """Set thread ``number``."""
        facts = (thread.process, thread.tid, thread.name)
        row = (number, *facts, thread.started, thread.ended, thread.cpu)
        self._many("INSERT OR REPLACE INTO thread VALUES (?, ?, ?, ?, ?, ?, ?)", [row])

    def functions(self, functions: Iterable[Function]) -> None:
        """Append functions."""
        rows = [
            (number, each.name, each.file, each.line, each.kind)
            for number, each in enumerate(functions, self._functions)
        ]
        self._functions += len(rows)
        self._many("INSERT INTO function VALUES (?, ?, ?, ?, ?)", rows)

    def frames(self, function: array[int], line: array[int]) -> None:
        """Append frames, given as columns."""
        if function:
            row = (self._frames, len(function), _pack(function), _pack(line))
            self._frames += len(function)
            self._many("INSERT INTO frame_block VALUES (?, ?, ?, ?)", [row])

    def replace_frames(self, function: array[int], line: array[int]) -> None:
        """Put other functions and lines to the frames that were added, all of them."""
        if len(function) != self._frames:
            raise ValueError(f"{len(function)} frames in place of {self._frames}")
        self._many("DELETE FROM frame_block", [()])
        self._frames = 0
        self.frames(function, line)

    def nodes(self, parent: array[int], frame: array[int]) -> None:
        """Append nodes, given as columns."""
        if parent:
            row = (self._nodes, len(parent), _pack(parent), _pack(frame))
            self._nodes += len(parent)
            self._many("INSERT INTO node_block VALUES (?, ?, ?, ?)", [row])

    def samples(self, samples: Samples) -> None:
        """Append samples; a metric that is 0 throughout takes no room."""
        if not len(samples):
            return
        number = self._blocks
        self._blocks += 1
        row = (
            number,
            len(samples),
            _pack(_differences(samples.time)),
            _pack(samples.thread),
            _pack(samples.node),
            _pack(samples.state),
            _pack(samples.holder),
        )
        values = (
            (number, metric, _pack(column))
            for metric, column in enumerate(samples.values)
            if any(column)
        )
        self._many("INSERT INTO sample_block VALUES (?, ?, ?, ?, ?, ?, ?)", [row])
        self._many("INSERT INTO value_block VALUES (?, ?, ?)", values)

    def sources(self, texts: Mapping[str, str]) -> None:
        """Keep the text of source files, so that the recording can be read elsewhere."""
        rows = ((file, zlib.compress(text.encode())) for file, text in texts.items())
        self._many("INSERT OR REPLACE INTO source VALUES (?, ?)", rows)

    def commit(self) -> None:
        """Make everything so far survive a crash of this process."""
        with _Complaints(self.path):
            self._base.commit()

    def close(self) -> None:
        """Commit and close; more than once does no harm."""
        try:
            self.commit()
        finally:
            self._base.close()

    def _many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        with _Complaints(self.path):
            self._base.executemany(statement, rows)


def save(profile: Profile, path: Path, *, overwrite: bool = False) -> None:
    """Write a whole profile as a recording."""
    tree = profile.tree
    with Writer(path, profile.metrics, overwrite=overwrite) as writer:
        writer.about(profile.about)
        for number, process in enumerate(profile.processes):
            writer.process(number, process)
        for number, thread in enumerate(profile.threads):
            writer.thread(number, thread)
        writer.functions(tree.functions)
        writer.frames(tree.frame_function, tree.frame_line)
        writer.nodes(tree.node_parent, tree.node_frame)
        writer.samples(profile.samples)
        writer.sources(profile.sources)


def load(path: Path) -> Profile:
    """Read a recording. Raises NoInputError or RecordingError, never anything else."""
    base = _open(path)
    try:
        return _profile(base)
    except (sqlite3.Error, zlib.error, ValueError, TypeError, KeyError, OverflowError) as error:
        raise RecordingError(
            f"{path} is damaged ({error})", "record again, or recover it with `sqlite3 .recover`"
        ) from None
    finally:
        base.close()


def _profile(base: sqlite3.Connection) -> Profile:
    metrics = [
        Metric(*row) for row in base.execute("SELECT name, unit, title FROM metric ORDER BY id")
    ]
    profile = Profile(
        metrics=tuple(metrics),
        processes=tuple(
            Process(*row)
            for row in base.execute(
                "SELECT pid, parent, command, started, ended, status FROM process ORDER BY id"
            )
        ),
        threads=tuple(
            Thread(*row)
            for row in base.execute(
                "SELECT name, tid, process, started, ended, cpu FROM thread ORDER BY id"
            )
        ),
        tree=_tree(base),
        samples=_samples(base, len(metrics)),
        about={key: json.loads(value) for key, value in base.execute("SELECT * FROM about")},
        sources={
            file: zlib.decompress(text).decode()
            for file, text in base.execute("SELECT * FROM source")
        },
    )
    _check(profile)
    return profile


def _tree(base: sqlite3.Connection) -> CallTree:
    functions = base.execute("SELECT name, file, line, kind FROM function ORDER BY id")
    frames = list(base.execute("SELECT count, function, line FROM frame_block ORDER BY first"))
    nodes = list(base.execute("SELECT count, parent, frame FROM node_block ORDER BY first"))
    return CallTree(
        functions=tuple(Function(n, f, line, _kind(k)) for n, f, line, k in functions),
        frame_function=_join("i", [(count, blob) for count, blob, _ in frames]),
        frame_line=_join("i", [(count, blob) for count, _, blob in frames]),
        node_parent=_join("i", [(count, blob) for count, blob, _ in nodes]),
        node_frame=_join("i", [(count, blob) for count, _, blob in nodes]),
    )


def _kind(text: str) -> Kind:
    if text not in get_args(Kind):
        raise ValueError(f"a function of kind {text!r}")
    return cast(Kind, text)


def _samples(base: sqlite3.Connection, metrics: int) -> Samples:
    blocks = list(
        base.execute(
            "SELECT id, count, time, thread, node, state, holder FROM sample_block ORDER BY id"
        )
    )
    held = {
        (block, metric): blob
        for block, metric, blob in base.execute(
            "SELECT sample_block, metric, value FROM value_block"
        )
    }
    time = array("q")
    for _, count, blob, *_rest in blocks:
        time.extend(accumulate(_unpack("q", count, blob)))
    values = tuple(
        _join("q", [(block[1], held.get((block[0], metric))) for block in blocks])
        for metric in range(metrics)
    )
    thread, node, state, holder = (
        _join(code, [(block[1], block[position]) for block in blocks])
        for code, position in (("i", 3), ("i", 4), ("b", 5), ("i", 6))
    )
    return _in_order(Samples(time, thread, node, state, holder, values))


def _in_order(samples: Samples) -> Samples:
    """Sort by time: threads and processes were written in almost, but not quite, that order."""
    time = samples.time
    if not any(map(int.__gt__, time, time[1:])):
        return samples
    order = sorted(range(len(time)), key=time.__getitem__)

    def sort(column: array[int]) -> array[int]:
        return array(column.typecode, map(column.__getitem__, order))

    return Samples(
        sort(time),
        sort(samples.thread),
        sort(samples.node),
        sort(samples.state),
        sort(samples.holder),
        tuple(map(sort, samples.values)),
    )


def _check(profile: Profile) -> None:
    """Refuse ids that point nowhere, so that no reader has to."""
    tree, samples = profile.tree, profile.samples
    _within("frame's function", tree.frame_function, 0, len(tree.functions))
    _within("node's frame", tree.node_frame, 0, len(tree.frame_function))
    _within("sample's node", samples.node, -1, len(tree))
    _within("sample's thread", samples.thread, 0, len(profile.threads))
    _within("sample's holder", samples.holder, -1, len(profile.threads))
    for node, parent in enumerate(tree.node_parent):
        if not -1 <= parent < node:
            raise ValueError(f"node {node} has parent {parent}")
    for thread in profile.threads:
        if not 0 <= thread.process < len(profile.processes):
            raise ValueError(f"thread {thread.name!r} is of process {thread.process}")


def _within(what: str, column: array[int], low: int, high: int) -> None:
    if column and not (min(column) >= low and max(column) < high):
        raise ValueError(f"a {what} is out of range")


def _differences(column: array[int]) -> array[int]:
    return array("q", (b - a for a, b in zip([0, *column[:-1]], column, strict=True)))


def _pack(column: array[int]) -> bytes:
    return zlib.compress(_little(column).tobytes(), _FAST)


def _unpack(code: str, count: int, blob: bytes | None) -> array[int]:
    column: array[int] = array(code)
    if blob is None:
        column.frombytes(bytes(count * column.itemsize))
        return column
    column.frombytes(zlib.decompress(blob))
    if len(column) != count:
        raise ValueError(f"a column of {len(column)} where {count} rows are promised")
    return _little(column)


def _join(code: str, blocks: Iterable[tuple[int, bytes | None]]) -> array[int]:
    column: array[int] = array(code)
    for count, blob in blocks:
        column.extend(_unpack(code, count, blob))
    return column


def _little(column: array[int]) -> array[int]:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column


def _new_file(path: Path, overwrite: bool) -> sqlite3.Connection:
    try:
        if overwrite and not path.is_dir():
            path.unlink(missing_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        base = sqlite3.connect(path, check_same_thread=False)
        base.execute("PRAGMA synchronous = OFF")  # a crash of the process, not of the machine
    except FileExistsError:
        raise OutputError(f"{path} exists", "choose another --output or pass --overwrite") from None
    except (OSError, sqlite3.Error) as error:
        raise OutputError(f"cannot write {path} ({error})") from None
    return base


def _open(path: Path) -> sqlite3.Connection:
    try:
        with path.open("rb") as file:
            magic = file.read(16)
    except OSError as error:
        raise NoInputError(f"cannot read {path} ({error.strerror})") from None
    if magic != b"SQLite format 3\0":
        raise RecordingError(f"{path} is not a Wadjet recording", "make one with `wadjet run`")
    base = sqlite3.connect(path)
    try:
        (application,) = base.execute("PRAGMA application_id").fetchone()
        (version,) = base.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        base.close()
        raise RecordingError(f"{path} cannot be read ({error})") from None
    if application != APPLICATION_ID:
        base.close()
        raise RecordingError(f"{path} is a database, but not a Wadjet recording")
    if version > FORMAT:
        base.close()
        raise RecordingError(
            f"{path} was written by a newer Wadjet (format {version}, this one reads {FORMAT})",
            "upgrade with `pip install -U wadjet`",
        )
    return base


class _Complaints:
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
