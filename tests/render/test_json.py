"""The JSON form obeys its documented schema and holds the whole profile."""

from __future__ import annotations

import json
from array import array
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from tests.profiles import empty, profiles, realistic
from tests.render.written import written

from wadjet.model.profile import (
    Builder,
    CallTree,
    Function,
    Metric,
    Process,
    Profile,
    Samples,
    Thread,
)

SCHEMA = Path(__file__).parents[2] / "docs/reference/profile.schema.json"


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    text = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(text)
    return jsonschema.Draft202012Validator(text)


def document(profile: Profile) -> Any:
    return json.loads(written(profile, "json"))


def rebuilt(made: Any) -> Profile:
    """Return the profile that the schema's words describe."""
    rows = made["samples"]
    return Profile(
        metrics=tuple(Metric(**each) for each in made["metrics"]),
        processes=tuple(Process(**each) for each in made["processes"]),
        threads=tuple(Thread(**each) for each in made["threads"]),
        tree=CallTree(
            functions=tuple(Function(**each) for each in made["functions"]),
            frame_function=array("i", made["frames"]["function"]),
            frame_line=array("i", made["frames"]["line"]),
            node_parent=array("i", made["nodes"]["parent"]),
            node_frame=array("i", made["nodes"]["frame"]),
        ),
        samples=Samples(
            time=array("q", rows["time"]),
            thread=array("i", rows["thread"]),
            node=array("i", rows["node"]),
            state=array("b", rows["state"]),
            holder=array("i", rows["holder"]),
            values=tuple(array("q", rows["values"][each["name"]]) for each in made["metrics"]),
        ),
        about=made["about"],
        sources=made["sources"],
    )


@given(profile=profiles())
def test_any_profile_obeys_the_schema_and_comes_back(
    profile: Profile, schema: jsonschema.Draft202012Validator
) -> None:
    made = document(profile)
    schema.validate(made)
    assert made["samples"]["count"] == len(profile.samples)
    assert rebuilt(made) == profile


@pytest.mark.parametrize("profile", [empty(), realistic(0.5)], ids=["empty", "realistic"])
def test_it_comes_back_with_its_facts_and_sources(
    profile: Profile, schema: jsonschema.Draft202012Validator
) -> None:
    made = document(profile)
    schema.validate(made)
    assert rebuilt(made) == profile


def test_the_schema_refuses_what_is_wrong(schema: jsonschema.Draft202012Validator) -> None:
    changes: list[Any] = [
        {"version": 2},
        {"more": 1},
        {"threads": [{"name": "t"}]},
        {"samples": {}},
    ]
    for change in changes:
        assert not schema.is_valid({**document(realistic(0.1)), **change})


def test_a_profile_without_metrics_or_odd_names_is_still_json() -> None:
    assert document(Builder([]).sample(["a\0\udcff🐍 é.py:1"]).build())["samples"]["values"] == {}
