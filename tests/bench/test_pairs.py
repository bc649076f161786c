"""Runs are interleaved so that a machine that changes its speed does no harm."""

from __future__ import annotations

import random

import pytest

from bench.measure import Run
from bench.pairs import Contender, Start, interleave

RNG = random.Random(1)


class Machine:
    """Runs that take 1 s of CPU, or as many times that as given, on a machine that slows down."""

    def __init__(self, drift: float = 0.0) -> None:
        self.drift = drift
        self.log: list[str] = []

    def starter(self, name: str, cost: float = 1.0, error: str = "") -> Start:
        def start() -> Run:
            seconds = cost * (1 + self.drift * len(self.log))
            self.log.append(name)
            return Run(name, {"cpu": seconds, "wall": 2 * seconds}, error=error)

        return start


def test_every_run_stands_between_two_plain_ones() -> None:
    machine = Machine()
    contenders = [Contender(name, machine.starter(name)) for name in "abc"]
    interleave(machine.starter("plain"), contenders, 3, RNG)
    assert machine.log[0::2] == ["plain"] * 10
    assert sorted(machine.log[1::2]) == sorted("abc" * 3)


def test_a_steady_drift_of_the_machine_does_not_show() -> None:
    machine = Machine(drift=0.05)
    contenders = [Contender("tool", machine.starter("tool", cost=1.5))]
    found = interleave(machine.starter("plain"), contenders, 5, RNG)["tool"]
    assert [pair.ratio("cpu") for pair in found.pairs] == pytest.approx([1.5] * 5)
    wall = found.ratio("wall")
    assert wall is not None
    assert wall.median == pytest.approx(1.5)


def test_a_contender_may_sit_rounds_out() -> None:
    machine = Machine()
    contenders = [
        Contender("often", machine.starter("often")),
        Contender("seldom", machine.starter("seldom"), every=3),
    ]
    found = interleave(machine.starter("plain"), contenders, 7, RNG)
    assert (len(found["often"].pairs), len(found["seldom"].pairs)) == (7, 3)


def test_a_contender_that_fails_is_not_tried_again_and_says_why() -> None:
    machine = Machine()
    contenders = [
        Contender("broken", machine.starter("broken", error="no such library")),
        Contender("sound", machine.starter("sound")),
    ]
    found = interleave(machine.starter("plain"), contenders, 4, RNG)
    assert machine.log.count("broken") == 1
    assert found["broken"].error == "no such library"
    assert found["broken"].ratio("cpu") is None
    assert len(found["sound"].pairs) == 4


def test_a_plain_program_that_fails_ends_the_benchmark() -> None:
    machine = Machine()
    with pytest.raises(RuntimeError, match="the plain program failed: broken"):
        interleave(machine.starter("plain", error="broken"), [], 1, RNG)
