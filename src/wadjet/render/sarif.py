"""Findings as SARIF 2.1.0, which code hosts and editors read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from wadjet import __version__
from wadjet.model.finding import Finding, Level, Place

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Level.NOTE: "note", Level.WARNING: "warning", Level.ERROR: "error"}


def render(findings: Iterable[Finding], out: TextIO) -> None:
    """Write findings as one run. A file's place is relative to the folder we are in, or whole."""
    every = list(findings)
    rules = [{"id": rule} for rule in sorted({each.rule for each in every})]
    driver = {"name": "wadjet", "version": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "results": [_result(each) for each in every]}
    json.dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, out, indent=2)
    out.write("\n")


def _result(finding: Finding) -> dict[str, Any]:
    text = finding.message
    if finding.treatment:
        text = f"{text}; {finding.treatment}"
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.level],
        "message": {"text": text},
        "partialFingerprints": {"wadjet/v1": _fingerprint(finding)},
    }
    if finding.place is not None:
        result["locations"] = [_location(finding.place)]
    if finding.related:
        result["relatedLocations"] = [_location(each) for each in finding.related]
    return result


def _fingerprint(finding: Finding) -> str:
    """Return what stays the same while lines move: the rule, the file's name, the message."""
    name = Path(finding.place.file).name if finding.place else ""
    text = f"{finding.rule}\0{name}\0{finding.message}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _location(place: Place) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.file)}}
    if place.line:
        physical["region"] = {"startLine": place.line}
    location: dict[str, Any] = {"physicalLocation": physical}
    if place.label:
        location["message"] = {"text": place.label}
    return location


def _uri(file: str) -> str:
    path = Path(file)
    if not path.is_absolute():
        return path.as_posix()
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_uri()
