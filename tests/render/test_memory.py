"""Every format writes memory as what it is: bytes and counts, never time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.memories import MIB, remembered
from tests.render.test_perfetto import traced
from tests.render.written import written

from wadjet.model.transform import only_metric
from wadjet.render.table import FORMATS


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("metric", ["peak", "live", "allocated", "allocations", ""])
def test_every_format_bears_memory(name: str, metric: str) -> None:
    profile = remembered()
    assert written(only_metric(profile, metric) if metric else profile, name)


def test_speedscope_has_sizes_in_bytes_and_numbers_without_a_unit() -> None:
    made: Any = json.loads(written(remembered(), "speedscope"))
    units = {each["name"].partition(": ")[2]: each["unit"] for each in made["profiles"]}
    assert units["Memory at the peak"] == "bytes"
    assert units["Allocations"] == "none"


def test_gecko_weighs_samples_in_bytes_and_makes_no_time_of_them() -> None:
    made: Any = json.loads(written(only_metric(remembered(), "peak"), "gecko"))
    [thread] = made["threads"]
    assert thread["samples"]["weightType"] == "bytes"
    assert sum(thread["samples"]["weight"]) == 40 * MIB
    assert thread["markers"]["length"] == 0
    assert made["meta"]["interval"] == 1
    assert made["counters"] == []


def test_perfetto_has_memory_over_time() -> None:
    trace = traced(remembered())
    names = {track.name: number for number, track in trace.tracks.items()}
    live = trace.counts[names["Memory live"]]
    assert [value / MIB for _, value in live] == [10, 30, 12]
    assert [value / MIB for _, value in trace.counts[names["Memory resident"]]] == [20, 50, 48]
