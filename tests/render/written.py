"""What the tests of all formats share: a profile, rendered."""

from __future__ import annotations

import io

from wadjet.model.profile import Profile
from wadjet.render.renderer import Options
from wadjet.render.table import FORMATS


def written(profile: Profile, to: str, options: Options | None = None) -> bytes:
    """Return what the format ``to`` makes of ``profile``."""
    out = io.BytesIO()
    FORMATS[to].renderer().render(profile, out, options or Options())
    return out.getvalue()


def total(profile: Profile, metric: str) -> int:
    """Return the sum of a metric."""
    return sum(profile.samples.values[profile.metric_index(metric)])


def measured(profile: Profile) -> list[str]:
    """Return the names of the metrics that any sample measured."""
    return [metric.name for metric in profile.metrics if total(profile, metric.name)]
