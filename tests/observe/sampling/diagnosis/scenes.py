"""Recordings written as scenes: what each thread does, tick by tick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wadjet.model.finding import Finding
from wadjet.model.profile import Builder, Fact, Metric, Profile, State
from wadjet.observe.sampling.diagnosis import diagnose

TICK = 10_000_000
MS = 1_000_000
METRICS = (Metric("wall", "ns", "Wall time"), Metric("cpu", "ns", "CPU time"))
CLOCKS: dict[str, Fact] = {
    "cpu": {"engine": "perf", "rate": 1000, "why": ""},
    "wall": {"engine": "stack copy", "rate": 100, "why": ""},
}
LIB = "/usr/lib/python3.11/"

Act = tuple[State, list[str], str | None]
"""A thread's state, its stack, and who holds the GIL."""

RUN, NATIVE, WAIT = State.RUN_GIL, State.RUN_NATIVE, State.WAIT_GIL
READY, BLOCKED = State.RUNNABLE, State.BLOCKED


def run(*stack: str) -> Act:
    return RUN, list(stack), None


def native(*stack: str) -> Act:
    return NATIVE, list(stack), None


def blocked(*stack: str) -> Act:
    return BLOCKED, list(stack), None


def ready(*stack: str) -> Act:
    return READY, list(stack), None


def wait(holder: str, *stack: str) -> Act:
    return WAIT, list(stack), holder


def scene(
    ticks: int,
    *,
    cpu: bool = True,
    about: dict[str, Fact] | None = None,
    sources: dict[str, str] | None = None,
    **threads: Callable[[int], Act | None],
) -> Profile:
    """Record ``ticks`` hundredths of a second; a thread that returns None is not there."""
    made = Builder(METRICS)
    for tick in range(ticks):
        acts = {name.replace("_", "-"): plan(tick) for name, plan in threads.items()}
        runner = next((name for name, act in acts.items() if act and act[0] is RUN), None)
        for name, act in acts.items():
            if act is not None:
                _tick(made, tick * TICK, name, act, act[2] or runner, cpu)
    facts: dict[str, Fact] = {"clocks": CLOCKS, "cpus": 4, "complete": True, **(about or {})}
    profile = made.build(**facts)
    spent = [0] * len(profile.threads)
    for thread, value in zip(profile.samples.thread, profile.samples.values[1], strict=True):
        spent[thread] += value
    charged = [replace(t, cpu=spent[n]) for n, t in enumerate(profile.threads)]
    return replace(profile, threads=tuple(charged), sources=sources or {})


def _tick(made: Builder, when: int, name: str, act: Act, holder: str | None, cpu: bool) -> None:
    state, stack, _ = act
    made.sample(stack, thread=name, time=when, state=state, holder=holder, wall=TICK)
    if cpu and state in (RUN, NATIVE):
        mine = name if state is RUN else None
        for step in range(10):
            made.sample(stack, thread=name, time=when + step * MS, state=state, holder=mine, cpu=MS)


def found(profile: Profile, rule: str) -> Finding | None:
    """Return what the diagnosis has to say by one rule."""
    return next((each for each in diagnose(profile) if each.rule == rule), None)


def rules(profile: Profile) -> set[str]:
    """Return the rules that had something to say."""
    return {each.rule for each in diagnose(profile)}
