"""The diagnosis as a whole: bearable on anything, in order, and true to the command line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from tests.profiles import huge, profiles, realistic

from wadjet.cli.table import COMMANDS
from wadjet.model.profile import Builder, Metric, Profile
from wadjet.observe.sampling.diagnosis import RULES, diagnose


@settings(max_examples=100, deadline=None)
@given(profile=profiles())
def test_any_recording_can_be_diagnosed(profile: Profile) -> None:
    for finding in diagnose(profile):
        assert finding.message
        assert finding.treatment
        assert 0 <= finding.weight <= 1


def test_findings_come_in_order_of_what_they_matter() -> None:
    findings = diagnose(realistic())
    ranks = [(finding.level, finding.weight) for finding in findings]
    assert ranks == sorted(ranks, reverse=True)
    assert findings[0].rule == "gil-contention"


def test_of_a_recording_of_other_things_than_time_nothing_is_said() -> None:
    profile = Builder([Metric("bytes", "bytes", "Memory")]).sample(["f a:1"], bytes=5).build()
    assert diagnose(profile) == []


def test_a_hundred_thousand_stacks_are_borne() -> None:
    assert isinstance(diagnose(huge()), list)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_has_a_worked_example(rule: object) -> None:
    assert ">>> " in (rule.__doc__ or "")
    assert "found.message" in (rule.__doc__ or "") or "print(found" in (rule.__doc__ or "")


def test_treatments_name_commands_and_options_that_exist() -> None:
    """Read from the source: every `wadjet …` in a rule is parsed by the command's own parser."""
    import inspect

    from wadjet.cli.parser import parser
    from wadjet.observe.sampling.diagnosis import quality, spending, waiting

    text = "".join(inspect.getsource(module) for module in (quality, spending, waiting))
    text = re.sub(r'"\s*\n\s*f?"', "", text)
    text = re.sub(r"\{[^}]*\}", "parse", text)
    named = set(re.findall(r"`wadjet ([^`]+)`", text))
    assert len(named) >= 6
    commands = {command.name: command for command in COMMANDS}
    for line in named:
        name, *words = line.split()
        known = parser(commands[name])
        known.parse_args([*words, "app.py"] if "FILE" not in words else words)
