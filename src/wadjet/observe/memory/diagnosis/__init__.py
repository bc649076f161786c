"""The diagnosis of memory: where it is, what is never given back, what is asked for in vain.

``diagnose`` asks every rule of the table. A rule is a function of the Evidence that yields
Findings; of a sampled recording it claims only what is beyond chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wadjet.model.finding import Finding
from wadjet.model.memory import is_recorded
from wadjet.model.profile import Profile
from wadjet.observe.memory.diagnosis import arenas, growth, places, quality
from wadjet.observe.memory.diagnosis.evidence import Evidence

Rule = Callable[[Evidence], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    growth.leak,  # what a line keeps grows as long as the program runs
    arenas.fragmentation,  # few blocks keep much of what is free from the system
    growth.kept_resident,  # memory was given back, but the system does not have it
    places.peak_line,  # much of the peak is one line's
    places.peak_library,  # much of the peak is one library's
    places.churn,  # a line asks for much that it gives back
    quality.uncounted,  # requests were lost
    quality.few_samples,  # too few to tell much
)


def diagnose(profile: Profile) -> list[Finding]:
    """Return what stands out in the memory of ``profile``, in the order of the rules.

    >>> from wadjet.model.profile import Builder
    >>> diagnose(Builder([]).build())
    []
    """
    if not is_recorded(profile):
        return []
    evidence = Evidence(profile)
    return [finding for rule in RULES for finding in rule(evidence)]
