"""The whole diagnosis of a recording: what each subsystem's rules have to say of it."""

from __future__ import annotations

from wadjet.model import startup as model
from wadjet.model.finding import Finding
from wadjet.model.profile import Profile
from wadjet.observe.memory import diagnosis as memory
from wadjet.observe.sampling import diagnosis as sampling
from wadjet.observe.startup import diagnosis as startup


def diagnose(profile: Profile) -> list[Finding]:
    """Return what stands out in ``profile``, what matters most first.

    >>> from wadjet.model.profile import Builder, Metric
    >>> diagnose(Builder([Metric("cpu", "ns", "CPU time")]).build())[0].rule
    'few-samples'
    """
    if model.is_recorded(profile):
        return list(startup.diagnose(profile))
    findings = [*sampling.diagnose(profile), *memory.diagnose(profile)]
    return sorted(findings, key=lambda finding: (-finding.level, -finding.weight))
