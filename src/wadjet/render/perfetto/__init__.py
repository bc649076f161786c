"""perfetto: a trace for https://ui.perfetto.dev, as protocol buffers.

For each thread there is a track of calls, drawn from wall-clock samples in order, and one
of its states; for each process who held the GIL, how many CPUs it used and how many threads
waited for the GIL, and for all of them together memory over time. Samples themselves are
there as well, with what they weigh, so that selecting a stretch of time gives its flame
graph.

The protobuf form was chosen over the older JSON: it is a fraction of the size, keeps
nanoseconds, and only it has samples. The viewer unpacks gzip by itself. https://perfetto.dev/docs/reference/synthetic-track-event
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import BinaryIO

from wadjet.model.profile import Profile
from wadjet.render.perfetto.counters import counters, memory
from wadjet.render.perfetto.packets import Sequence
from wadjet.render.perfetto.samples import samples
from wadjet.render.perfetto.slices import calls, holders, states
from wadjet.render.perfetto.tracks import Tracks
from wadjet.render.renderer import Options, measured, preferred


def render(profile: Profile, out: BinaryIO, _options: Options) -> None:
    """Write ``profile`` as a Perfetto trace."""
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1, mtime=0) as packed:
        packed.writelines(_packets(profile))


def _packets(profile: Profile) -> Iterator[bytes]:
    """Yield the packets of a trace; a sequence for the tracks, and one for each metric."""
    events = Sequence(1)
    tracks = Tracks(profile)
    yield from tracks.describe(events)
    timeline = preferred(profile, "wall")
    if profile.metrics[timeline].unit == "ns":
        yield from calls(profile, timeline, tracks, events)
        yield from states(profile, timeline, tracks, events)
        yield from holders(profile, timeline, tracks, events)
        yield from counters(profile, timeline, tracks, events)
    yield from memory(profile, tracks, events)
    for number, metric in enumerate(measured(profile), 2):
        yield from samples(profile, metric, tracks, Sequence(number))
