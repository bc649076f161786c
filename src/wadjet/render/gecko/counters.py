"""The counter of each process in a Firefox profile: how many CPUs it used."""

from __future__ import annotations

from collections.abc import Iterator

from wadjet.model.profile import Profile
from wadjet.render.gecko.tables import Table
from wadjet.render.gecko.threads import Thread, pid
from wadjet.render.load import by_process, cpu_time, stretch


def counters(profile: Profile, metric: int, shown: list[Thread]) -> Iterator[Table]:
    """Yield a counter for each process whose CPU time was measured."""
    if profile.metrics[metric].unit != "ns":
        return
    length = stretch(profile, metric)
    for process, sums in by_process(profile, cpu_time(profile), length).items():
        owner = pid(profile, process)
        threads = [number for number, thread in enumerate(shown) if thread.pid == owner]
        if threads:
            yield {
                "name": "CPUs in use",
                "category": "CPU",
                "description": "CPU time that the process used, for each second",
                "pid": owner,
                "mainThreadIndex": threads[0],
                "samples": _samples(sums, length),
                "display": _DISPLAY,
            }


def _samples(sums: dict[int, int], length: int) -> Table:
    """Return the sums in ms; one stands for the time since the one before it."""
    ends = sorted({*sums, *(each - 1 for each in sums), *(each + 1 for each in sums)})
    return {
        "length": len(ends),
        "time": [(each + 1) * length / 1e6 for each in ends],
        "count": [sums.get(each, 0) / 1e6 for each in ends],
    }


_DISPLAY = {
    "graphType": "line-rate",
    "unit": "",
    "color": "grey",
    "markerSchemaLocation": None,
    "sortWeight": 40,
    "label": "CPUs in use",
    "tooltipRows": [
        {"type": "value", "source": "rate", "format": {"unit": "number"}, "label": "CPUs in use"}
    ],
}
