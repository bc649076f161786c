"""The same screen for programs: facts, findings, threads and costs as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TextIO

from wadjet.model.finding import Finding, Place
from wadjet.model.profile import Profile, State
from wadjet.model.totals import by_thread, fold
from wadjet.render.text import main_metric
from wadjet.render.text.costs import Cost, table
from wadjet.render.text.view import View

_STATES = {
    State.UNKNOWN: "unknown",
    State.RUN_GIL: "running",
    State.RUN_NATIVE: "native",
    State.WAIT_GIL: "waiting",
    State.RUNNABLE: "runnable",
    State.BLOCKED: "blocked",
}


def write(profile: Profile, findings: Sequence[Finding], view: View, out: TextIO) -> None:
    """Write the object; times are in ns, shares are of 1, files are paths as recorded."""
    metric = main_metric(profile, view.metric)
    by = view.by or "function"
    costs = table(profile, metric.name, by, top=view.top, sort=view.sort) if metric else None
    document = {
        "about": dict(profile.about),
        "duration": profile.duration,
        "scope": view.scope,
        "findings": [_finding(each) for each in findings],
        "threads": _threads(profile),
        "metric": metric.name if metric else None,
        "unit": metric.unit if metric else None,
        "samples": fold(profile, metric.name).count if metric else 0,
        "total": costs.whole if costs else 0,
        "by": by,
        "costs": [_cost(each) for each in costs.rows] if costs else [],
    }
    json.dump(document, out, indent=1)
    out.write("\n")


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "level": finding.level.name.lower(),
        "weight": finding.weight,
        "message": finding.message,
        "treatment": finding.treatment,
        "place": _place(finding.place) if finding.place else None,
        "related": [_place(each) for each in finding.related],
    }


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "label": place.label}


def _threads(profile: Profile) -> list[dict[str, Any]]:
    names = [metric.name for metric in profile.metrics]
    walls = by_thread(profile, "wall") if "wall" in names else {}
    return [
        {
            "name": thread.name,
            "tid": thread.tid,
            "pid": profile.processes[thread.process].pid,
            "cpu": thread.cpu,
            "states": {_STATES[state]: value for state, value in walls.get(number, {}).items()},
        }
        for number, thread in enumerate(profile.threads)
    ]


def _cost(cost: Cost) -> dict[str, Any]:
    return {
        "name": cost.name,
        "where": cost.where,
        "self": cost.self,
        "total": cost.total,
        "share": cost.share.value,
        "low": cost.share.low,
        "high": cost.share.high,
        "library": cost.library,
        "text": cost.text,
    }
