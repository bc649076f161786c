"""The file format: a recording is one SQLite database, ``NAME.wadjet``.

It is written a transaction at a time, so that whatever kills the writer leaves a file
that can be read up to its last commit. ``schema.sql`` beside this file documents it.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self, get_args

from wadjet.errors import OutputError, RecordingError
from wadjet.model import columns
from wadjet.model.database import Complaints, NewDatabase, open_existing
from wadjet.model.order import in_order
from wadjet.model.packing import pack, steps, unpack
from wadjet.model.profile import (
    CallTree,
    Fact,
    Function,
    Kind,
    Metric,
    Process,
    Profile,
    Samples,
    State,
    Thread,
    Unit,
)

SUFFIX = ".wadjet"
_ZEROS = b"(zeros)"
_KINDS = get_args(Kind)
_UNITS = get_args(Unit)
_DAMAGE = (
    *(sqlite3.Error, zlib.error, ValueError, TypeError, LookupError),
    *(OverflowError, MemoryError, RecursionError),
)
"""What reading a damaged file may raise."""


class Writer:
    """Appends to a new recording; what has been committed survives a crash.

    Ids are given by the caller and are positions: functions, frames and nodes must be
    added in order, each once. Raises OutputError where the disk or the path refuses.
    """

    def __init__(self, path: Path, metrics: Sequence[Metric], *, overwrite: bool = False) -> None:
        self.path = path
        self._nodes = self._frames = self._functions = self._blocks = 0
        self._files: dict[str, int] = {}
        self._closed = False
        self._database = NewDatabase(path, overwrite=overwrite)
        self._base = self._database.base
        from importlib import resources  # slow to import, and readers do not need it

        schema = resources.files(__package__).joinpath("schema.sql").read_text()
        try:
            with Complaints(path):
                self._base.executescript(f"BEGIN; {schema}; COMMIT")
                self._base.executemany(
                    "INSERT INTO metric VALUES (?, ?, ?, ?)",
                    ((i, m.name, m.unit, m.title) for i, m in enumerate(metrics)),
                )
                self._base.commit()
        except OutputError:
            self._database.close()
            path.unlink(missing_ok=True)
            raise

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
        row = (number, *astuple(replace(process, command=_text(process.command))))
        self._many("INSERT OR REPLACE INTO process VALUES (?, ?, ?, ?, ?, ?, ?)", [row])

    def thread(self, number: int, thread: Thread) -> None:
        """Set thread ``number``."""
        facts = (thread.process, thread.tid, _text(thread.name))
        row = (number, *facts, thread.started, thread.ended, thread.cpu)
        self._many("INSERT OR REPLACE INTO thread VALUES (?, ?, ?, ?, ?, ?, ?)", [row])

    def functions(self, functions: Iterable[Function]) -> None:
        """Append functions."""
        known = len(self._files)
        rows = [
            (number, _text(each.name), self._file(each.file), each.line, each.kind)
            for number, each in enumerate(functions, self._functions)
        ]
        self._functions += len(rows)
        files = [(number, file) for file, number in islice(self._files.items(), known, None)]
        self._many("INSERT INTO file VALUES (?, ?)", files)
        self._many("INSERT INTO function VALUES (?, ?, ?, ?, ?)", rows)

    def _file(self, path: str) -> int:
        return self._files.setdefault(_text(path), len(self._files))

    def frames(self, function: array[int], line: array[int]) -> None:
        """Append frames, given as columns."""
        if function:
            row = (self._frames, len(function), pack(function), pack(line))
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
            row = (self._nodes, len(parent), pack(steps(parent)), pack(frame))
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
            pack(steps(samples.time)),
            pack(samples.thread),
            pack(steps(samples.node)),
            pack(samples.state),
            pack(samples.holder),
        )
        values = (
            (number, metric, pack(column))
            for metric, column in enumerate(samples.values)
            if columns.tally(column)
        )
        self._many("INSERT INTO sample_block VALUES (?, ?, ?, ?, ?, ?, ?)", [row])
        self._many("INSERT INTO value_block VALUES (?, ?, ?)", values)

    def sources(self, texts: Mapping[str, str]) -> None:
        """Keep the text of source files, so that the recording can be read elsewhere."""
        rows = ((_text(file), zlib.compress(_text(text).encode())) for file, text in texts.items())
        self._many("INSERT OR REPLACE INTO source VALUES (?, ?)", rows)

    def commit(self) -> None:
        """Make everything so far survive a crash of this process."""
        with Complaints(self.path):
            self._base.commit()

    def close(self) -> None:
        """Commit and close; more than once does no harm."""
        if not self._closed:
            self._closed = True
            try:
                self.commit()
            finally:
                self._database.close()

    def _many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        with Complaints(self.path):
            self._base.executemany(statement, rows)


def _text(text: str) -> str:
    """Return ``text`` as it can be stored: bytes that were no text come as surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()


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
    base = open_existing(path)
    try:
        base.execute("BEGIN")  # it may be written meanwhile: all of what is read is of one moment
        return _profile(base)
    except _DAMAGE as error:
        raise RecordingError(
            f"{path} is damaged ({error})", "record again, or recover it with `sqlite3 .recover`"
        ) from None
    finally:
        base.close()


def _profile(base: sqlite3.Connection) -> Profile:
    metrics = [
        _metric(*row) for row in base.execute("SELECT name, unit, title FROM metric ORDER BY id")
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
    files = dict(base.execute("SELECT id, path FROM file"))
    functions = base.execute("SELECT name, file, line, kind FROM function ORDER BY id")
    frames = list(base.execute("SELECT count, function, line FROM frame_block ORDER BY first"))
    nodes = list(base.execute("SELECT count, parent, frame FROM node_block ORDER BY first"))
    return CallTree(
        functions=tuple(
            _function(name, files[file], line, kind) for name, file, line, kind in functions
        ),
        frame_function=_join("i", [(count, blob) for count, blob, _ in frames]),
        frame_line=_join("i", [(count, blob) for count, _, blob in frames]),
        node_parent=_join_steps("i", [(count, blob) for count, blob, _ in nodes]),
        node_frame=_join("i", [(count, blob) for count, _, blob in nodes]),
    )


def _metric(name: str, unit: Unit, title: str) -> Metric:
    if unit not in _UNITS or not type(name) is type(title) is str:
        raise ValueError(f"a metric {name!r} in {unit!r}")
    return Metric(name, unit, title)


def _function(name: str, file: str, line: int, kind: Kind) -> Function:
    if kind not in _KINDS or not (type(name) is type(file) is str and type(line) is int):
        raise ValueError(f"a function {name!r} of kind {kind!r}")
    return Function(name, file, line, kind)


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
    time = _join_steps("q", [(block[1], block[2]) for block in blocks])
    values = tuple(
        _join("q", [(block[1], held.get((block[0], metric), _ZEROS)) for block in blocks])
        for metric in range(metrics)
    )
    thread, state, holder = (
        _join(code, [(block[1], block[position]) for block in blocks])
        for code, position in (("i", 3), ("b", 5), ("i", 6))
    )
    node = _join_steps("i", [(block[1], block[4]) for block in blocks])
    return in_order(Samples(time, thread, node, state, holder, values), columns.falls(time))


def _check(profile: Profile) -> None:
    """Refuse ids that point nowhere and numbers that are none, so that no reader has to."""
    tree, samples = profile.tree, profile.samples
    _within("frame's function", tree.frame_function, 0, len(tree.functions))
    _within("node's frame", tree.node_frame, 0, len(tree.frame_function))
    _within("sample's node", samples.node, -1, len(tree))
    _within("sample's thread", samples.thread, 0, len(profile.threads))
    _within("sample's state", samples.state, 0, len(State))
    _within("sample's holder", samples.holder, -1, len(profile.threads))
    if not columns.is_tree(tree.node_parent):
        raise ValueError("a node comes before its parent")
    for process in profile.processes:
        _typed(process, process.command, process.pid, process.started, process.ended)
    for thread in profile.threads:
        _typed(thread, thread.name, thread.tid, thread.started, thread.ended, thread.cpu)
        if not 0 <= thread.process < len(profile.processes):
            raise ValueError(f"thread {thread.name!r} is of process {thread.process}")


def _typed(what: object, name: str, *numbers: int) -> None:
    if not isinstance(name, str) or not all(isinstance(number, int) for number in numbers):
        raise ValueError(f"{what} has values of another type")


def _within(what: str, column: array[int], low: int, high: int) -> None:
    """Refuse a column with values below ``low``, or of ``high`` and above."""
    if column:
        least, largest = columns.extremes(column)
        if least < low or largest >= high:
            raise ValueError(f"a {what} is out of range")


def _join(code: str, blocks: Iterable[tuple[int, bytes]]) -> array[int]:
    column: array[int] = array(code)
    for count, blob in blocks:
        if blob is _ZEROS:
            column.frombytes(bytes(count * column.itemsize))
        else:
            column.extend(unpack(code, count, blob))
    return column


def _join_steps(code: str, blocks: Iterable[tuple[int, bytes]]) -> array[int]:
    column: array[int] = array(code)
    for count, blob in blocks:
        column.extend(columns.accumulated(code, unpack("Q", count, blob)))
    return column
