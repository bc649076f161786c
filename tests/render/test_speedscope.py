"""speedscope files are what speedscope's own schema says, and weigh what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from tests.profiles import METRICS, WALL, empty, huge, profiles, realistic
from tests.render.written import measured, total, written

from wadjet.model.profile import Builder, Profile

SCHEMA = Path(__file__).parents[1] / "cases/speedscope/file-format-schema.json"


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    text = json.loads(SCHEMA.read_text())
    # In the published schema, $schema is const https://www.speedscope.app/...; the root is a $ref.
    return jsonschema.Draft7Validator(text)


def document(profile: Profile) -> Any:
    return json.loads(written(profile, "speedscope"))


def stacks(document: Any, profile: Any) -> list[list[str]]:
    frames = document["shared"]["frames"]
    return [[frames[index]["name"] for index in sample] for sample in profile["samples"]]


@given(profile=profiles())
def test_any_profile_obeys_the_published_schema_and_keeps_its_weight(
    profile: Profile, schema: jsonschema.Draft7Validator
) -> None:
    made = document(profile)
    schema.validate(made)
    weight = sum(sum(each["weights"]) for each in made["profiles"])
    assert weight == sum(total(profile, name) for name in measured(profile))
    frames = set(range(len(made["shared"]["frames"])))
    for each in made["profiles"]:
        assert each["endValue"] == sum(each["weights"])
        assert len(each["samples"]) == len(each["weights"])
        assert {index for sample in each["samples"] for index in sample} <= frames


def test_the_schema_would_refuse_a_wrong_file(schema: jsonschema.Draft7Validator) -> None:
    made = document(realistic(0.1))
    del made["profiles"][0]["weights"]
    assert not schema.is_valid(made)


def test_each_thread_has_a_profile_for_each_metric() -> None:
    names = [each["name"] for each in document(realistic())["profiles"]]
    assert "worker-1 (pid 4242): Wall time" in names
    assert "worker-1 (pid 4242): CPU time" in names
    assert "MainThread (pid 4242): Wall time" in names
    assert "MainThread (pid 5248): Wall time" in names
    assert len(set(names)) == len(names)


def test_it_opens_at_the_thread_that_used_most_cpu() -> None:
    profile = (
        Builder(METRICS)
        .sample(["idle a.py:1"], thread="idle", wall=9)
        .sample(["busy a.py:2"], thread="busy", cpu=2)
        .sample(["calm a.py:3"], thread="calm", cpu=1)
        .build()
    )
    made = document(profile)
    assert made["profiles"][made["activeProfileIndex"]]["name"] == "busy: CPU time"


def test_samples_keep_their_order_and_equal_neighbours_become_one() -> None:
    builder = Builder([WALL])
    for time, stack in enumerate(["a", "a", "b", "a"]):
        builder.sample([f"main m.py:{time}", f"{stack} m.py:9"], time=time, wall=10)
    made = document(builder.build())
    assert stacks(made, made["profiles"][0]) == [["main", "a"], ["main", "b"], ["main", "a"]]
    assert made["profiles"][0]["weights"] == [20, 10, 10]


def test_a_thread_without_a_frame_is_said_to_have_none() -> None:
    made = document(Builder([WALL]).sample([], wall=5).build())
    assert stacks(made, made["profiles"][0]) == [["(no Python frame)"]]


def test_an_empty_recording_makes_a_valid_file(schema: jsonschema.Draft7Validator) -> None:
    made = document(empty())
    schema.validate(made)
    assert made["profiles"] == []


def test_a_hundred_thousand_stacks_are_all_there() -> None:
    made = document(huge(stacks=100_000, samples=100_000))
    assert sum(len(each["samples"]) for each in made["profiles"]) == 100_000
