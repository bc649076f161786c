"""The block holds the whole profile, whatever it is."""

from __future__ import annotations

import zlib

from hypothesis import given
from tests.profiles import METRICS, empty, huge, profiles, realistic
from tests.render.html.block import unpack

from wadjet.model.finding import Finding, Level, Place
from wadjet.model.profile import Builder, Metric, Profile
from wadjet.render.html.payload import pack


@given(profiles())
def test_any_profile_is_packed_with_all_that_it_cost(profile: Profile) -> None:
    head, columns = unpack(pack(profile))
    for number, metric in enumerate(head["metrics"]):
        values = columns[f"value{number}"]
        error = abs(sum(values) * metric["quantum"] - sum(profile.samples.values[number]))
        assert error <= len(values) * metric["quantum"] / 2
        for name in ("thread", "step", "node", "state", "holder"):
            assert len(columns[f"{name}{number}"]) == len(values)


@given(profiles())
def test_functions_frames_and_nodes_are_all_there(profile: Profile) -> None:
    head, columns = unpack(pack(profile))
    functions = [
        (name, head["files"][file][0], line, kind) for name, file, line, kind in head["functions"]
    ]
    assert functions == [(f.name, f.file, f.line, f.kind) for f in profile.tree.functions]
    assert columns["frameFunction"] == list(profile.tree.frame_function)
    assert columns["frameLine"] == list(profile.tree.frame_line)
    assert len(columns["nodeUp"]) == len(profile.tree)


def test_values_of_any_size_keep_their_proportion() -> None:
    for unit in (1, 10**6, 10**15):
        builder = Builder([Metric("bytes", "bytes", "Memory")])
        builder.sample(["a a.py:1"], bytes=3 * unit).sample(["b b.py:1"], time=9, bytes=unit)
        head, columns = unpack(pack(builder.build()))
        large, small = columns["value0"]
        assert abs(large / small - 3) < 1e-6
        assert abs(large * head["metrics"][0]["quantum"] / (3 * unit) - 1) < 1e-6


def test_findings_come_with_their_places() -> None:
    finding = Finding(
        "rule", Level.WARNING, "what", Place("a.py", 3), (Place("b.py", 4, "also"),), "cure", 0.5
    )
    head, _ = unpack(pack(empty(), [finding]))
    assert head["findings"] == [
        {
            "rule": "rule",
            "level": "warning",
            "message": "what",
            "treatment": "cure",
            "weight": 0.5,
            "places": [
                {"file": "a.py", "line": 3, "label": ""},
                {"file": "b.py", "line": 4, "label": "also"},
            ],
        }
    ]


def test_only_sources_that_were_sampled_are_carried() -> None:
    profile = realistic(0.2)
    profile = Profile(
        profile.metrics,
        profile.processes,
        profile.threads,
        profile.tree,
        profile.samples,
        profile.about,
        {**profile.sources, "/srv/shop/never.py": "x = 1\n"},
    )
    assert list(unpack(pack(profile))[0]["sources"]) == ["/srv/shop/shop.py"]


def test_a_name_that_is_no_unicode_does_no_harm() -> None:
    profile = Builder(METRICS).sample(["caf\udce9 caf\udce9.py:1"], cpu=5).build()
    assert b"caf" in zlib.decompress(pack(profile))


def test_a_hundred_thousand_stacks_take_a_few_megabytes() -> None:
    assert len(pack(huge())) < 3_000_000
