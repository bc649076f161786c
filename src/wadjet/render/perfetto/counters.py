"""Counters over time: CPUs in use, threads that wait for the GIL, memory."""

from __future__ import annotations

from collections.abc import Iterator

from wadjet.model.memory import timeline
from wadjet.model.profile import Profile, State
from wadjet.render.load import by_process, cpu_time, stretch
from wadjet.render.perfetto.packets import Sequence
from wadjet.render.perfetto.tracks import Tracks, amount


def counters(profile: Profile, metric: int, tracks: Tracks, sequence: Sequence) -> Iterator[bytes]:
    """Yield the counters of each process, of what was measured at all."""
    samples = profile.samples
    rows = zip(samples.thread, samples.time, samples.values[metric], samples.state, strict=True)
    waits = ((thread, time, ns) for thread, time, ns, state in rows if state == State.WAIT_GIL)
    length = stretch(profile, metric)
    for name, unit, spent in (
        ("Threads waiting for the GIL", "threads", waits),
        ("CPUs in use", "CPUs", cpu_time(profile)),
    ):
        for process, sums in by_process(profile, spent, length).items():
            track, declared = tracks.below_process(sequence, process, name, unit)
            yield declared
            yield from _values(sums, length, track, sequence)


def memory(profile: Profile, tracks: Tracks, sequence: Sequence) -> Iterator[bytes]:
    """Yield memory over time, where it was recorded: live and resident, of all processes."""
    moments = timeline(profile)
    if not moments or not tracks.processes:
        return
    live, declared = tracks.below_process(sequence, tracks.processes[0], "Memory live", "bytes")
    yield declared
    resident, declared = tracks.below_process(
        sequence, tracks.processes[0], "Memory resident", "bytes"
    )
    yield declared
    for moment in moments:
        yield sequence.event(amount(live, float(moment.live)), moment.time)
        yield sequence.event(amount(resident, float(moment.resident)), moment.time)


def _values(sums: dict[int, int], length: int, track: int, sequence: Sequence) -> Iterator[bytes]:
    """Yield how many did it at a time, on average over each stretch, set where that begins."""
    for each, ns in sums.items():
        yield sequence.event(amount(track, ns / length), each * length)
        if each + 1 not in sums:
            yield sequence.event(amount(track, 0.0), (each + 1) * length)
