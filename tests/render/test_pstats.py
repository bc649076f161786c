"""pstats dumps load in the standard library, with counts of samples and exact times."""

from __future__ import annotations

import io
import pstats
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.profiles import CPU, METRICS, empty, huge, profiles, realistic
from tests.render.written import measured, total, written

from wadjet.model.profile import Builder, Profile


def loaded(profile: Profile, folder: Path) -> pstats.Stats:
    path = folder / "profile.pstats"
    path.write_bytes(written(profile, "pstats"))
    return pstats.Stats(str(path), stream=io.StringIO())


def table(stats: pstats.Stats) -> dict[str, tuple[Any, ...]]:
    """Return each function's entry by its name."""
    return {key[2]: value for key, value in stats.stats.items()}  # type: ignore[attr-defined]


def shown(stats: pstats.Stats) -> str:
    return stats.stream.getvalue()  # type: ignore[attr-defined, no-any-return]


@given(profile=profiles())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_profile_loads_with_its_weight(profile: Profile, tmp_path: Path) -> None:
    stats = loaded(profile, tmp_path)
    metric = "cpu" if "cpu" in measured(profile) else "wall"
    expected = total(profile, metric) / 1e9
    assert stats.total_tt == pytest.approx(expected)  # type: ignore[attr-defined]
    for samples, calls, own, whole, callers in table(stats).values():
        assert samples == calls
        assert own <= whole + 1e-9
        assert whole <= expected + 1e-6
        assert all(each[3] <= whole + 1e-6 for each in callers.values())
    stats.sort_stats("cumulative").print_stats().print_callers().print_callees()


def test_counts_are_samples_and_times_are_seconds(tmp_path: Path) -> None:
    profile = (
        Builder([CPU])
        .sample(["main a.py:1", "work a.py:5"], cpu=2_000_000_000)
        .sample(["main a.py:1", "work a.py:6"], cpu=1_000_000_000)
        .sample(["main a.py:2"], cpu=500_000_000)
        .build()
    )
    found = table(loaded(profile, tmp_path))
    assert found["main"] == (3, 3, 0.5, 3.5, {})
    assert found["work"] == (2, 2, 3.0, 3.0, {("a.py", 0, "main"): (2, 2, 3.0, 3.0)})


def test_recursion_is_counted_once(tmp_path: Path) -> None:
    profile = Builder([CPU]).sample(["a m.py:1", "b m.py:2"] * 3, cpu=1_000_000_000).build()
    found = table(loaded(profile, tmp_path))
    assert found["a"][:4] == (1, 1, 0.0, 1.0)
    assert found["b"][:4] == (1, 1, 1.0, 1.0)
    assert found["b"][4] == {("m.py", 0, "a"): (1, 1, 1.0, 1.0)}
    assert found["a"][4] == {("m.py", 0, "b"): (1, 1, 0.0, 1.0)}


def test_callers_are_printed_with_their_share(tmp_path: Path) -> None:
    stats = loaded(realistic(), tmp_path)
    stats.print_callers("parse")
    assert "shop.py:40(Shop.serve)" in shown(stats)


def test_functions_that_look_alike_are_added_up(tmp_path: Path) -> None:
    profile = (
        Builder(METRICS)
        .sample(["f a.py:1"], thread="x", cpu=10**9)
        .sample(["g b.py:1", "f a.py:2"], thread="y", cpu=10**9)
        .build()
    )
    assert table(loaded(profile, tmp_path))["f"][:4] == (2, 2, 2.0, 2.0)


def test_a_thread_without_a_frame_has_an_entry(tmp_path: Path) -> None:
    profile = Builder([CPU]).sample([], cpu=10**9).build()
    assert table(loaded(profile, tmp_path)) == {"(no Python frame)": (1, 1, 1.0, 1.0, {})}


def test_an_empty_recording_can_still_be_loaded(tmp_path: Path) -> None:
    assert loaded(empty(), tmp_path).total_tt == 0  # type: ignore[attr-defined]


def test_a_very_deep_recursion_is_written(tmp_path: Path) -> None:
    profile = Builder([CPU]).sample(["f m.py:1"] * 20_000, cpu=10**9).build()
    assert table(loaded(profile, tmp_path))["f"][3] == 1.0


def test_a_hundred_thousand_stacks_load(tmp_path: Path) -> None:
    profile = huge()
    expected = total(profile, "cpu") / 1e9
    stats = loaded(profile, tmp_path)
    assert stats.total_tt == pytest.approx(expected)  # type: ignore[attr-defined]
