"""Counters of each process over time: CPUs in use, and threads that wait for the GIL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from wadjet.model.profile import Profile, State
from wadjet.model.totals import fold
from wadjet.render.perfetto.packets import Sequence
from wadjet.render.perfetto.tracks import Tracks, amount

_SAMPLES = 10
"""How many samples of a thread one value of a counter rests on."""

Spent: TypeAlias = Iterable[tuple[int, int, int]]
"""Thread, time and ns of each sample that counts."""


def counters(profile: Profile, metric: int, tracks: Tracks, sequence: Sequence) -> Iterator[bytes]:
    """Yield the counters of each process, of what was measured at all."""
    width = max(1, round(_SAMPLES * fold(profile, profile.metrics[metric].name).grain))
    samples = profile.samples
    rows = zip(samples.thread, samples.time, samples.values[metric], samples.state, strict=True)
    waits = [(thread, time, ns) for thread, time, ns, state in rows if state == State.WAIT_GIL]
    counter = Counter(profile, width, tracks, sequence)
    yield from counter.packets("Threads waiting for the GIL", "threads", waits)
    names = [each.name for each in profile.metrics]
    if "cpu" in names:
        clock = samples.values[names.index("cpu")]
        used = zip(samples.thread, samples.time, clock, strict=True)
        yield from counter.packets("CPUs in use", "CPUs", used)


@dataclass(frozen=True, slots=True)
class Counter:
    """Makes counters of how many threads at a time did something; a mean over ``width`` ns."""

    profile: Profile
    width: int
    tracks: Tracks
    sequence: Sequence

    def packets(self, name: str, unit: str, spent: Spent) -> Iterator[bytes]:
        """Yield for each process its track and values, each set where its ``width`` begins."""
        width, event = self.width, self.sequence.event
        sums: defaultdict[int, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
        for thread, time, ns in spent:
            if ns:
                sums[self.profile.threads[thread].process][time // width] += ns
        for process, bins in sorted(sums.items()):
            track, declared = self.tracks.below_process(self.sequence, process, name, unit)
            yield declared
            for each in sorted(bins):
                yield event(amount(track, bins[each] / width), each * width)
                if each + 1 not in bins:
                    yield event(amount(track, 0.0), (each + 1) * width)
