"""The page on ways to start has the figures that were recorded, and no others."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.applications import APPLICATIONS
from bench.bench_modes import Cost, figures
from bench.modes_page import PAGE, Recorded, keep, load, page
from bench.stats import Spread


def cost(mode: str, ratio: float, application: str = "pandas_script") -> Cost:
    spread = Spread(ratio, ratio, ratio, 3)
    return Cost(application, mode, 1234, 5_600_000, 789, 2_000_000, spread, spread)


def test_the_page_is_what_the_recorded_figures_give() -> None:
    assert PAGE.read_text() == page(load())


def test_figures_come_from_a_run_to_the_page(tmp_path: Path) -> None:
    costs = [cost("plain", 1.0), Cost("rich_demo", "plain", error="no such thing")]
    raw = {"costs": [asdict(each) for each in costs]}
    results = {"date": "then", "machine": {}, "foreign": 0.5, "outcomes": {"modes": {"raw": raw}}}
    (tmp_path / "results.json").write_text(json.dumps(results))
    keep(tmp_path / "results.json", tmp_path / "kept.json")
    recorded = load(tmp_path / "kept.json")
    assert recorded == Recorded("then", {}, 0.5, tuple(costs))
    text = page(recorded)
    for written in ("| 1,234 |", "| 5.6 |", "| 789 |", "| 1.00 |", "rich_demo: no such thing"):
        assert written in text


def test_a_run_of_other_benchmarks_has_no_figures_to_keep(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps({"outcomes": {}}))
    with pytest.raises(KeyError):
        keep(tmp_path / "results.json", tmp_path / "kept.json")
    assert not (tmp_path / "kept.json").exists()


def test_a_mode_is_compared_with_the_best_packager_where_it_stands_worst(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bench.bench_modes.OURS", ("ours",))
    names = [each.name for each in APPLICATIONS]
    costs = [cost(mode, ratio, name) for name in names for mode, ratio in RATIOS.items()]
    costs[-1] = cost("ours", 0.6, names[-1])
    assert figures(costs) == {"modes-ours": pytest.approx(0.6 / 0.8)}
    assert math.isnan(figures(costs[:-1])["modes-ours"])  # one application was not measured


RATIOS = {"plain": 1.0, "pex": 1.2, "code-data-share": 0.8, "ours": 0.4}
