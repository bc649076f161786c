"""Findings as SARIF."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from wadjet.model.finding import Finding, Level, Place
from wadjet.render import sarif


def rendered(*findings: Finding) -> dict[str, Any]:
    out = io.StringIO()
    sarif.render(findings, out)
    [run] = json.loads(out.getvalue())["runs"]
    return dict(run)


def test_a_finding_without_a_place_has_a_level_and_a_text() -> None:
    run = rendered(Finding("r", Level.NOTE, "why", treatment="mend it"))
    [result] = run["results"]
    assert result["level"] == "note"
    assert result["message"] == {"text": "why; mend it"}
    assert "locations" not in result


def test_a_fingerprint_stays_when_lines_move(tmp_path: Path) -> None:
    places = [Place(str(tmp_path / "a.pyi"), line) for line in (1, 9)]
    run = rendered(*(Finding("r", Level.ERROR, "why", place) for place in places))
    first, second = run["results"]
    assert first["partialFingerprints"] == second["partialFingerprints"]
    uri = first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == (tmp_path / "a.pyi").as_uri()


def test_nothing_found_is_a_run_without_results() -> None:
    assert rendered()["results"] == []
