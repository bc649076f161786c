"""The diagnosis: what a recording says about its program, in plain words.

``diagnose`` asks every rule of the table. A rule is a function of the Evidence that yields
Findings; it claims only what is beyond the chance of sampling, and opens with an example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wadjet.model.finding import Finding
from wadjet.model.profile import Profile
from wadjet.observe.sampling.diagnosis import collecting, quality, spending, waiting
from wadjet.observe.sampling.diagnosis.evidence import Evidence

Rule = Callable[[Evidence], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    waiting.gil_contention,  # threads wait for the GIL: who, and who holds it
    waiting.long_gil_hold,  # C code that keeps the GIL
    waiting.lock_contention,  # threads wait for a lock of the program's own
    waiting.no_core,  # threads could run, but no core is free
    waiting.mostly_waiting,  # the program waits for the world, and where
    spending.habits,  # known costly uses of the standard library
    spending.hot_line,  # one line takes much of the CPU time
    spending.hot_function,  # one function does, over several lines
    spending.imports,  # starting up takes much of the run
    spending.collector,  # garbage collection, as far as samples show it
    collecting.collector_share,  # garbage collection, where its runs were recorded
    collecting.garbage_cycles,  # who makes the cycles that it frees
    collecting.long_pauses,  # collections that somebody notices
    spending.deep_recursion,  # deep stacks of one function
    spending.short_threads,  # threads that live for a moment
    quality.incomplete,  # the recording was cut short
    quality.fallback_engine,  # the CPU clock is a fallback
    quality.dropped_samples,  # samples were lost
    quality.unattributed_cpu,  # samples and the system's clock disagree
    quality.few_samples,  # too few to tell much
)


def diagnose(profile: Profile) -> list[Finding]:
    """Return what stands out in ``profile``, what matters most first.

    >>> from wadjet.model.profile import Builder, Metric
    >>> diagnose(Builder([Metric("cpu", "ns", "CPU time")]).build())[0].rule
    'few-samples'
    """
    evidence = Evidence(profile)
    findings = [finding for rule in RULES for finding in rule(evidence)]
    return sorted(findings, key=lambda finding: (-finding.level, -finding.weight))
