"""The tracks of a trace: of processes, of threads, and what belongs to them."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Listing
from itertools import count

from wadjet.model.profile import Profile
from wadjet.render import wire
from wadjet.render.perfetto.packets import Sequence

_DESCRIPTOR = 60
_EVENT = 11
_BEGIN, _END, _COUNTER = 1, 2, 4
_EVENT_NAMES = 2
_ANNOTATION_NAMES = 3
_ANNOTATION_STRINGS = 29


class Tracks:
    """Tracks by number: of the profile's processes and threads, and those below them.

    ``pids`` and ``tids`` are those of the profile, except that none is 0 or twice there:
    Perfetto would take 0 for the kernel's idle thread, and equal ones for one thread.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.pids = _distinct([process.pid for process in profile.processes])
        self.tids = _distinct([thread.tid for thread in profile.threads])
        sampled = set(profile.samples.thread)
        self.threads = sorted(sampled)
        self.processes = sorted({profile.threads[thread].process for thread in sampled})
        numbers = count(1)
        self._of_process = {process: next(numbers) for process in self.processes}
        self._of_thread = {thread: next(numbers) for thread in self.threads}
        self._numbers = numbers

    def of_thread(self, thread: int) -> int:
        """Return the track of a thread's calls."""
        return self._of_thread[thread]

    def describe(self, sequence: Sequence) -> Iterator[bytes]:
        """Yield the packets that declare the processes and their threads."""
        for process in self.processes:
            yield self._declare(sequence, self._of_process[process], self._process(process))
        for thread in self.threads:
            yield self._declare(sequence, self._of_thread[thread], self._thread(thread))

    def below_thread(self, sequence: Sequence, thread: int, name: str) -> tuple[int, bytes]:
        """Return a new track that belongs to a thread, and the packet that declares it."""
        parent = wire.number(5, self._of_thread[thread])
        return self._below(sequence, parent + wire.text(2, name))

    def below_process(
        self, sequence: Sequence, process: int, name: str, unit: str = ""
    ) -> tuple[int, bytes]:
        """Return a new track that belongs to a process, of counts if it has a unit."""
        fields = wire.number(5, self._of_process[process]) + wire.text(2, name)
        if unit:
            fields += wire.block(8, wire.text(6, unit))
        return self._below(sequence, fields)

    def _below(self, sequence: Sequence, fields: bytes) -> tuple[int, bytes]:
        number = next(self._numbers)
        return number, self._declare(sequence, number, fields)

    def _declare(self, sequence: Sequence, number: int, fields: bytes) -> bytes:
        return sequence.packet(wire.block(_DESCRIPTOR, wire.number(1, number) + fields))

    def _process(self, number: int) -> bytes:
        command = self._profile.processes[number].command
        fields = wire.number(1, self.pids[number])
        fields += b"".join(wire.text(2, word) for word in command.split())
        return wire.block(3, fields + wire.text(6, command or "python"))

    def _thread(self, number: int) -> bytes:
        thread = self._profile.threads[number]
        fields = wire.number(1, self.pids[thread.process]) + wire.number(2, self.tids[number])
        return wire.block(4, fields + wire.text(5, thread.name or "thread"))


def _distinct(numbers: Listing[int]) -> list[int]:
    """Return ``numbers`` with those that are not above 0, or were there before, replaced."""
    taken = set(numbers)
    fresh = (number for number in count(1) if number not in taken)
    seen: set[int] = set()
    found = []
    for number in numbers:
        if number <= 0 or number in seen:
            number = next(fresh)
        seen.add(number)
        found.append(number)
    return found


def begin(sequence: Sequence, track: int, name: str, notes: dict[str, str] | None = None) -> bytes:
    """Return the event that begins a slice; ``notes`` are shown with it."""
    fields = wire.number(9, _BEGIN) + wire.number(11, track)
    fields += wire.number(10, sequence.name(_EVENT_NAMES, name))
    for key, value in (notes or {}).items():
        note = wire.number(1, sequence.name(_ANNOTATION_NAMES, key))
        note += wire.number(17, sequence.name(_ANNOTATION_STRINGS, value))
        fields += wire.block(4, note)
    return wire.block(_EVENT, fields)


def end(track: int) -> bytes:
    """Return the event that ends the innermost slice that is open on a track."""
    return wire.block(_EVENT, wire.number(9, _END) + wire.number(11, track))


def amount(track: int, value: float) -> bytes:
    """Return the event that sets a counter."""
    fields = wire.number(9, _COUNTER) + wire.number(11, track) + wire.real(44, value)
    return wire.block(_EVENT, fields)
