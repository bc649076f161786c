"""What the diagnosis says of memory: each rule, and the twin of which it says nothing."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.profiles import profiles

from wadjet.cli.parser import parser
from wadjet.cli.table import COMMANDS
from wadjet.model.finding import Finding, Level
from wadjet.model.memory import METRICS
from wadjet.model.profile import Builder, Fact, Profile
from wadjet.observe import diagnosis
from wadjet.observe.memory.diagnosis import RULES, diagnose, treatments

MIB = 1 << 20
SECOND = 1_000_000_000
NUMPY = "/env/lib/python3.11/site-packages/numpy/_core/_multiarray_umath.cpython-311-x86_64.so"
OFF: Fact = {"engine": "none", "rate": 0, "why": "turned off"}


def scene(
    fill: Callable[[Builder], object],
    *,
    seconds: float = 10,
    mean: int = 0,
    moments: Sequence[tuple[float, int, int]] = (),
    sources: dict[str, str] | None = None,
) -> Profile:
    """A recording of so many seconds; ``moments`` are (second, MiB live, MiB resident)."""
    made = Builder(METRICS)
    fill(made)
    made.sample([], time=int(seconds * SECOND))
    timeline: list[Fact] = [
        [int(at * SECOND), live * MIB, resident * MIB] for at, live, resident in moments
    ]
    facts: dict[str, Fact] = {"memory": {"mean": mean, "lost": 0, "timeline": timeline}}
    return replace(made.build(**facts), sources=sources or {})


def found(profile: Profile, rule: str) -> Finding | None:
    return next((each for each in diagnose(profile) if each.rule == rule), None)


def grows(made: Builder, stack: str = "serve app.py:7", kept: int = 60 * MIB) -> None:
    for tick in range(100):
        made.sample(["main app.py:2", stack], time=tick * SECOND // 10, allocated=kept // 100)
    made.sample(["main app.py:2", stack], time=10 * SECOND, live=kept)


def test_a_line_that_keeps_all_it_asks_for_all_the_time_is_a_leak() -> None:
    finding = found(scene(grows), "leak")
    assert finding is not None
    assert finding.level is Level.WARNING
    assert "`serve` (app.py:7), 60.0 MiB at the end, 6.0 MiB a second" in finding.message


def fragments(free: int, *, holder: int) -> Profile:
    """Of 64 MiB in arenas ``free`` MiB are so; one line keeps ``holder`` of them."""
    made = Builder(METRICS)
    made.sample(["main app.py:2", "parse app.py:7"], time=SECOND, keeping=holder * MIB)
    for line in range(20):
        rest = (free - holder) * MIB // 20
        made.sample(["main app.py:2", f"load app.py:{20 + line}"], time=SECOND, keeping=rest)
    pools = {"arenas": 64, "reserved": 64 * MIB, "used": (64 - free) * MIB, "unused": 0}
    facts: Fact = {"mean": 0, "pools": [{**pools, "available": free * MIB, "sparse": 9}]}
    return made.build(memory=facts)


def test_a_line_whose_blocks_keep_free_memory_is_named() -> None:
    finding = found(fragments(50, holder=40), "fragmentation")
    assert finding is not None
    assert finding.place is not None
    assert (finding.place.file, finding.place.line) == ("app.py", 7)
    assert "50.0 MiB of the 64.0 MiB" in finding.message


@pytest.mark.parametrize(("free", "holder"), [(20, 19), (50, 10)], ids=["little", "everybody"])
def test_free_memory_that_is_little_or_everybodys_is_nobodys_fault(free: int, holder: int) -> None:
    assert found(fragments(free, holder=holder), "fragmentation") is None


def test_what_is_loaded_once_and_kept_is_no_leak() -> None:
    def once(made: Builder) -> None:
        for tick in range(10):
            made.sample(["load app.py:3"], time=tick * SECOND // 10, allocated=6 * MIB)
        made.sample(["load app.py:3"], time=10 * SECOND, live=60 * MIB)

    assert found(scene(once), "leak") is None


def test_a_cache_that_is_full_is_no_leak() -> None:
    def bounded(made: Builder) -> None:
        for tick in range(100):
            made.sample(["keep app.py:3"], time=tick * SECOND // 10, allocated=6 * MIB)
        made.sample(["keep app.py:3"], time=10 * SECOND, live=60 * MIB)

    flat = [(second, 60, 90) for second in range(1, 10)]
    assert found(scene(bounded, moments=flat), "leak") is None


def test_a_line_that_keeps_a_tenth_is_a_leak_where_the_program_grows_by_it() -> None:
    def tenth(made: Builder) -> None:
        for tick in range(100):
            made.sample(["keep app.py:3"], time=tick * SECOND // 10, allocated=6 * MIB)
        made.sample(["keep app.py:3"], time=10 * SECOND, live=60 * MIB)

    rising = [(second, 6 * second, 90) for second in range(1, 10)]
    assert found(scene(tenth, moments=rising), "leak") is not None


def test_what_grew_until_the_middle_and_then_no_more_is_no_leak() -> None:
    def half(made: Builder) -> None:
        for tick in range(50):
            made.sample(["fill app.py:3"], time=tick * SECOND // 10, allocated=MIB)
        made.sample(["fill app.py:3"], time=10 * SECOND, live=50 * MIB)

    assert found(scene(half), "leak") is None


def test_a_leak_is_seen_behind_a_long_start() -> None:
    def late(made: Builder) -> None:
        for tick in range(40, 100):
            made.sample(["serve app.py:7"], time=tick * SECOND // 10, allocated=MIB)
        made.sample(["serve app.py:7"], time=10 * SECOND, live=60 * MIB)

    finding = found(scene(late), "leak")
    assert finding is not None
    assert "10.0 MiB a second" in finding.message


def test_a_last_step_that_keeps_its_result_is_no_leak() -> None:
    def last(made: Builder) -> None:
        for tick in range(70, 100):
            made.sample(["collect app.py:7"], time=tick * SECOND // 10, allocated=MIB)
        made.sample(["collect app.py:7"], time=10 * SECOND, live=30 * MIB)

    assert found(scene(last), "leak") is None


def test_a_moment_is_too_short_to_tell_growth() -> None:
    def brief(made: Builder) -> None:
        for tick in range(100):
            made.sample(["keep app.py:3"], time=tick * SECOND // 200, allocated=MIB)
        made.sample(["keep app.py:3"], time=SECOND // 2, live=100 * MIB)

    assert found(scene(brief, seconds=0.5), "leak") is None


def test_a_few_samples_accuse_nobody() -> None:
    mean = 16 * MIB
    assert found(scene(grows, mean=mean), "leak") is None


def test_memory_that_stays_resident_when_it_is_free_is_told() -> None:
    moments = [(second, 200 if second < 5 else 20, 220) for second in range(1, 10)]
    finding = found(scene(lambda made: None, moments=moments), "kept-resident")
    assert finding is not None
    assert finding.message.startswith("The program gave 180.0 MiB back")


@pytest.mark.parametrize(
    "moments",
    [
        [(second, 200 if second < 5 else 20, 220 if second < 5 else 40) for second in range(1, 10)],
        [(second, 1000 if second < 5 else 20, 100) for second in range(1, 10)],
        [(second, 20, 180) for second in range(1, 10)],
    ],
    ids=["given back", "never touched", "the code of large libraries"],
)
def test_other_reasons_for_resident_memory_are_not(moments: list[tuple[float, int, int]]) -> None:
    assert found(scene(lambda made: None, moments=moments), "kept-resident") is None


def test_a_line_that_has_most_of_the_peak_is_told_with_what_helps() -> None:
    def loads(made: Builder) -> None:
        made.sample(["main app.py:2", "load app.py:2"], peak=150 * MIB)
        made.sample(["main app.py:5"], peak=10 * MIB)

    text = {"app.py": "import pandas as pd\nframe = pd.read_csv(name)\n"}
    finding = found(scene(loads, sources=text), "peak-line")
    assert finding is not None
    assert finding.level is Level.WARNING
    assert finding.message.endswith("`load` (app.py:2), `frame = pd.read_csv(name)`.")
    assert "chunksize" in finding.treatment


def test_what_helps_is_told_by_what_is_called_too() -> None:
    def loads(made: Builder) -> None:
        stack = ["main app.py:2", "loads /usr/lib/python3.11/json/__init__.py:346"]
        made.sample(stack, peak=150 * MIB)

    finding = found(scene(loads), "peak-line")
    assert finding is not None
    assert "ijson" in finding.treatment


def test_a_peak_that_many_share_is_nobody_s() -> None:
    def spread(made: Builder) -> None:
        for line in range(10):
            made.sample([f"f app.py:{line + 1}"], peak=20 * MIB)

    assert diagnose(scene(spread)) == []


def test_a_small_peak_is_not_worth_a_word() -> None:
    assert diagnose(scene(lambda made: made.sample(["f app.py:1"], peak=5 * MIB))) == []


def test_a_sampled_peak_of_three_samples_accuses_nobody() -> None:
    def few(made: Builder) -> None:
        for line in range(3):
            made.sample([f"f app.py:{line // 2 + 1}"], peak=20 * MIB)

    assert found(scene(few, mean=20 * MIB), "peak-line") is None
    assert found(scene(few, mean=0), "peak-line") is not None


def test_a_library_that_has_most_of_the_peak_is_named_with_its_buyer() -> None:
    def arrays(made: Builder) -> None:
        for line in (3, 4, 5):
            stack = [f"work app.py:{line}", f"PyArray_NewFromDescr {NUMPY}:0", "malloc libc.so.6:0"]
            made.sample(stack, peak=line * 10 * MIB)

    finding = found(scene(arrays), "peak-library")
    assert finding is not None
    assert "within numpy._core._multiarray_umath (C), most of it for" in finding.message
    assert "`.copy()`" in finding.treatment


def test_the_program_s_own_memory_is_no_library_s() -> None:
    def own(made: Builder) -> None:
        made.sample(["work app.py:3", "malloc libc.so.6:0"], peak=90 * MIB)

    assert found(scene(own), "peak-library") is None


@pytest.mark.parametrize(("size", "words"), [(200, "Each is small"), (MIB, "make the buffer once")])
def test_a_line_that_asks_again_and_again_is_told(size: int, words: str) -> None:
    def busy(made: Builder) -> None:
        whole = 10_000 * MIB
        made.sample(["send app.py:7"], allocated=whole, allocations=whole // size)
        made.sample(["f app.py:9"], peak=8 * MIB)

    finding = found(scene(busy), "churn")
    assert finding is not None
    assert finding.treatment.startswith(words) or words in finding.treatment


def test_a_program_that_asks_for_as_much_in_an_hour_is_not() -> None:
    def slow(made: Builder) -> None:
        made.sample(["send app.py:7"], allocated=10_000 * MIB, allocations=10_000)
        made.sample(["f app.py:9"], peak=8 * MIB)

    assert found(scene(slow, seconds=3600), "churn") is None


def test_lost_requests_are_told() -> None:
    profile = scene(lambda made: made.sample(["f app.py:1"], allocations=500))
    facts: dict[str, Fact] = {"memory": {"mean": 0, "lost": 500}}
    finding = found(replace(profile, about=facts), "uncounted-memory")
    assert finding is not None
    assert finding.level is Level.WARNING
    assert finding.message.startswith("50 % of the requests")


def test_of_a_recording_without_memory_there_is_nothing_to_say() -> None:
    assert diagnose(Builder([]).build()) == []


def test_nobody_is_blamed_for_clocks_that_were_not_wanted() -> None:
    profile = scene(grows)
    off: dict[str, Fact] = {"clocks": {"cpu": OFF, "wall": OFF}}
    whole = diagnosis.diagnose(replace(profile, about={**profile.about, **off}))
    assert {each.rule for each in whole} == {"leak"}


@settings(max_examples=100, deadline=None)
@given(profile=profiles())
def test_any_recording_can_be_diagnosed(profile: Profile) -> None:
    zeros = array("q", bytes(8 * len(profile.samples)))
    values = (*profile.samples.values, *[zeros] * len(METRICS))[: len(METRICS)]
    samples = replace(profile.samples, values=values)
    for finding in diagnose(replace(profile, metrics=METRICS, samples=samples)):
        assert finding.message
        assert finding.treatment
        assert 0 <= finding.weight <= 1


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_has_a_worked_example(rule: object) -> None:
    assert "found.message" in (rule.__doc__ or "")


def test_treatments_name_commands_and_options_that_exist() -> None:
    import inspect

    from wadjet.observe.memory.diagnosis import growth, places, quality

    text = "".join(map(inspect.getsource, (growth, places, quality, treatments)))
    named = set(re.findall(r"`wadjet ([^`]+)`", re.sub(r'"\s*\n\s*f?"', "", text)))
    assert len(named) >= 4
    commands = {command.name: command for command in COMMANDS}
    for line in named:
        name, *words = line.split()
        parser(commands[name]).parse_args(words if "FILE" in words else [*words, "app.py"])
