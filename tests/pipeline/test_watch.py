"""The limit on how long code may keep a thread."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import pytest

from wadjet.pipeline.watch import OverrunError, limited


def test_a_block_within_its_limit_is_left_alone() -> None:
    with limited(60):
        done = sum(range(1000))
    assert done == 499500
    assert [each for each in threading.enumerate() if isinstance(each, threading.Timer)] == []


def test_a_block_that_does_not_end_is_ended() -> None:
    def endless() -> None:
        while True:
            with suppress(Exception):
                time.sleep(0.001)

    with pytest.raises(OverrunError), limited(0.05):
        endless()


def test_it_never_arrives_after_the_block() -> None:
    for _ in range(300):
        try:
            with limited(0.0001):
                time.sleep(0.0001)
        except OverrunError:
            continue
        sum(range(2000))
