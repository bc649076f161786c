"""Records the process that this is part of, and reads what it records in a thread of ours.

The recorder writes into a ring, as it does for ``wadjet run``; here the reader is a thread
that the recorder passes over. It waits for the GIL like any other, so a ring of some
megabytes lies between the two.
"""

from __future__ import annotations

import _thread
import atexit
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import cast

from wadjet.errors import BusyError, OutputError, UnsupportedError, WadjetError
from wadjet.observe.sampling import _sampling, agent
from wadjet.observe.sampling.companions import Agent, Companion
from wadjet.observe.sampling.recording import Hello, Recording
from wadjet.observe.sampling.settings import COLLECTOR, Settings

POLL = 0.05
"""Seconds between looks into the ring."""

SAVE = 0.5
"""Seconds between commits: what the sudden death of the process can lose."""


PATIENCE = 1.0
"""Seconds to wait at most until the recorder has found the first threads."""


class InProcess:
    """A recording of this process, from its making until ``stop``.

    Raises BusyError where one is under way, OutputError where ``path`` cannot be written,
    UnsupportedError where the system refuses.
    """

    def __init__(
        self,
        path: Path,
        settings: Settings,
        *,
        command: Sequence[str],
        overwrite: bool = False,
        companions: Sequence[Companion] = (),
    ) -> None:
        _take_place()
        try:
            self._pid = os.getpid()
            self._lock = _thread.RLock()  # around the recording; who forks holds it
            self._unstopped = _thread.allocate_lock()
            self._saved = time.monotonic()
            self._beside = {each.name: _agent(each) for each in companions}
            self._recording = Recording(
                path.absolute(),
                settings,
                command=list(command),
                started=time.monotonic_ns(),
                overwrite=overwrite,
                companions=companions,
            )
            self._begin(settings, tuple(command))
            self._accompany(companions)
        except BaseException:
            _leave_place()
            raise
        _take_notice(self)

    @property
    def started(self) -> int:
        """The monotonic clock, in ns, at the recording's time 0."""
        return self._recording.started

    @property
    def is_ours(self) -> bool:
        """False in a forked child: the recording is its parent's."""
        return self._pid == os.getpid()

    def stop(self, status: int | None = None) -> None:
        """Stop recording and complete the file; raises OutputError if it could not be written.

        Does nothing when it was called before, or in a forked child.
        """
        if not (self.is_ours and self._unstopped.acquire(blocking=False)):
            return
        try:
            self._part()
            _sampling.stop()
            self._reader.dismiss()
            with self._lock:
                self._finish(status)
        finally:
            _leave_place()

    def _finish(self, status: int | None) -> None:
        try:
            if self._reader.failure is not None:
                raise self._reader.failure
            self._recording.poll()
            self._recording.finish(status=status)
        finally:
            self._recording.close()

    def _accompany(self, companions: Sequence[Companion]) -> None:
        """Start what records beside the clocks: last, so that it sees little of us."""
        try:
            for each in companions:
                file = os.dup(self._beside[each.name].begin(each.argument))
                self._recording.notes += self._beside[each.name].notes()
                with self._lock:
                    self._recording.accompany(0, each.name, file)
        except (OSError, RuntimeError) as error:
            self._part()
            self._reader.dismiss()
            self._give_up()
            raise UnsupportedError(f"{each.name} cannot be recorded ({error})") from None

    def _part(self) -> None:
        for each in self._beside.values():
            each.end()

    def hold(self) -> None:
        """Let nothing be written until ``let_go``, so that a fork finds the file at rest."""
        self._lock.acquire()
        if _current is self and self._reader.failure is None:
            try:
                self._save()
            except OutputError as error:
                self._reader.failure = error

    def let_go(self) -> None:
        """End what ``hold`` began."""
        self._lock.release()

    def _begin(self, settings: Settings, command: tuple[str, ...]) -> None:
        """Start the reader, then the recorder, which must know whom to pass over."""
        try:
            self._reader = _Reader(self._read, [each.overlook for each in self._beside.values()])
        except RuntimeError as error:
            self._give_up()
            raise UnsupportedError(f"no thread can be started ({error})") from None
        try:
            self._recording.started = time.monotonic_ns()
            choice = _sampling.start(
                cpu_period=settings.cpu_period,
                wall_period=settings.wall_period,
                native=settings.native,
                perf=settings.perf,
                capacity=settings.capacity,
                hidden=self._reader.native_id,
                collector=COLLECTOR.index(settings.collector),
            )
            self._attach(choice, command)
            self._await_first_look()
        except (RuntimeError, OSError) as error:
            self._reader.dismiss()
            self._give_up()
            raise UnsupportedError(f"this process cannot be recorded ({error})") from None

    def _attach(self, choice: _sampling.Choice, command: tuple[str, ...]) -> None:
        hello = Hello(
            pid=self._pid,
            parent=os.getppid(),
            time=time.monotonic_ns(),
            engine=choice["engine"],
            refusal=choice["refusal"],
            peek=choice["peek"],
            command=command,
        )
        with self._lock:
            self._recording.attach(hello, os.dup(choice["fd"]))

    def _await_first_look(self) -> None:
        """Let the recorder find the threads: on a busy machine a short block may be over before."""
        if not (self._recording.settings.rate or self._recording.settings.wall_rate):
            return
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with self._lock:
                self._recording.poll()
                if self._recording.threads:
                    return
            time.sleep(0.0005)

    def _read(self) -> None:
        with self._lock:
            self._recording.poll()
            if time.monotonic() - self._saved > SAVE:
                self._save()

    def _save(self) -> None:
        self._recording.save()
        self._saved = time.monotonic()

    def _give_up(self) -> None:
        _sampling.stop()
        self._recording.close()
        self._recording.path.unlink(missing_ok=True)


class _Reader:
    """A thread that calls ``work`` every POLL seconds until it is dismissed, ``first`` once.

    The program does not find it among ``threading``'s own. Raises RuntimeError where no
    thread can be started. ``failure`` is what ended it before its time.
    """

    def __init__(self, work: Callable[[], None], first: Iterable[Callable[[], None]] = ()) -> None:
        self.native_id = 0
        self.failure: BaseException | None = None
        self._work = work
        self._first = list(first)
        self._ready, self._end, self._ended = (_closed_gate() for _ in range(3))
        _thread.start_new_thread(self._run, ())
        self._ready.acquire()

    def dismiss(self) -> None:
        """End the thread and wait until it has ended."""
        self._end.release()
        self._ended.acquire()

    def _run(self) -> None:
        self.native_id = _thread.get_native_id()
        try:
            for each in self._first:
                each()
        except BaseException as error:
            self.failure = error
        self._ready.release()
        try:
            while not self._end.acquire(timeout=POLL):
                self._work()
        except BaseException as error:  # told when the recording stops
            self.failure = error
        finally:
            self._ended.release()


def _closed_gate() -> _thread.LockType:
    gate = _thread.allocate_lock()
    gate.acquire()
    return gate


def _agent(companion: Companion) -> Agent:
    from importlib import import_module

    return cast(Agent, import_module(companion.agent))


# ---- one recorder a process

_place = _thread.allocate_lock()  # held while the process is recorded
_current: InProcess | None = None
_forking: InProcess | None = None  # the one whose lock is held for a fork
_inherited: list[InProcess] = []  # by a forked child, which must not close their files
_noticed = False


def _take_place() -> None:
    if agent.recording():
        raise BusyError(
            "`wadjet run` is recording this program already",
            "to record a part of it only, run it with python",
        )
    if not _place.acquire(blocking=False):
        raise BusyError(
            "this process is being recorded already", "its recording has to end before another"
        )


def _leave_place() -> None:
    global _current
    _current = None
    _place.release()


def _take_notice(recording: InProcess) -> None:
    """Let the recording know of forks and of the process's end."""
    global _current, _noticed
    _current = recording
    if not _noticed:
        _noticed = True
        atexit.register(_before_exit)
        os.register_at_fork(
            before=_before_fork, after_in_parent=_after_fork, after_in_child=_in_child
        )


def _before_exit() -> None:
    if _current is not None:
        try:
            _current.stop()
        except WadjetError as error:
            print(f"wadjet: {error} [{error.slug}]", file=sys.stderr)


def _before_fork() -> None:
    global _forking
    recording = _current
    if recording is not None:
        recording.hold()
        _forking = recording


def _after_fork() -> None:
    global _forking
    recording, _forking = _forking, None
    if recording is not None:
        recording.let_go()


def _in_child() -> None:
    global _current, _forking, _place
    if _current is not None:
        _inherited.append(_current)
    _current = _forking = None
    _place = _thread.allocate_lock()
