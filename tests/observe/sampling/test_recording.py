"""A thread has its name, whoever tells of it first: the sampler, itself, or what it allocates."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from wadjet.model.profile import Process
from wadjet.observe.sampling import recording
from wadjet.observe.sampling.recording import Recording
from wadjet.observe.sampling.settings import Settings

NUMBER, TID = 3, 4711
FOUND = ("thread", NUMBER, TID, 10, 0, "")
NAMED = ("name", TID, "worker")
ENDED = ("end", NUMBER, TID, 20, 5, "")
ALLOCATES = "a companion comes upon it"


class Ring:
    """Stands for the ring of a process, with events to read one by one."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def drain(self) -> None:
        pass

    def events(self) -> list[tuple[object, ...]]:
        told, self.told = self.told, []
        return told

    def expect(self, tid: int) -> int:
        assert tid == TID
        return NUMBER


@pytest.mark.parametrize("order", [*permutations([FOUND, NAMED, ALLOCATES])], ids=str)
@pytest.mark.parametrize("end", [[], [ENDED]], ids=["goes on", "ended"])
def test_a_thread_keeps_its_name(
    tmp_path: Path, order: tuple[object, ...], end: list[tuple[object, ...]]
) -> None:
    made = Recording(tmp_path / "x", Settings(), command=["x"], started=0)
    ring = Ring()
    source = recording._Source(ring, 0, Process(1, 0, "x", 0))  # type: ignore[arg-type]
    for event in [*order, *end]:
        if event == ALLOCATES:
            assert made._thread_number(source, TID) == NUMBER
        else:
            ring.told.append(event)  # type: ignore[arg-type]
            made._read(source)
    made.close()
    assert made._threads[NUMBER].name == "worker"
