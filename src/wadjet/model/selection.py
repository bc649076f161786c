"""A Profile of only some of a Profile's samples: one metric's, or some threads'.

Threads, processes and the tree stay as they are, so that indices keep their meaning.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import compress

from wadjet.model.profile import Profile, Samples


def only_metric(profile: Profile, name: str) -> Profile:
    """Return the profile with one metric and the samples that measured it.

    Raises ValueError if the profile has no metric called ``name``.
    """
    index = profile.metric_index(name)
    kept = _rows(profile.samples, [value != 0 for value in profile.samples.values[index]])
    return replace(
        profile,
        metrics=(profile.metrics[index],),
        samples=replace(kept, values=(kept.values[index],)),
    )


def only_threads(profile: Profile, threads: Collection[int]) -> Profile:
    """Return the profile with the samples of the threads of these indices."""
    wanted = bytearray(len(profile.threads))
    for thread in threads:
        wanted[thread] = 1
    mask = [wanted[thread] for thread in profile.samples.thread]
    return replace(profile, samples=_rows(profile.samples, mask))


def threads_like(profile: Profile, patterns: Collection[str]) -> set[int]:
    """Return the indices of the threads that any of ``patterns`` fits.

    A pattern is a name, in which ``*``, ``?`` and ``[...]`` stand for what they do in a
    shell, or a tid in digits.
    """
    return {
        number
        for number, thread in enumerate(profile.threads)
        for pattern in patterns
        if fnmatchcase(thread.name, pattern) or pattern == thread.name or pattern == str(thread.tid)
    }


def _rows(samples: Samples, mask: Collection[int]) -> Samples:
    def kept(column: array[int]) -> array[int]:
        return array(column.typecode, compress(column, mask))

    return Samples(
        time=kept(samples.time),
        thread=kept(samples.thread),
        node=kept(samples.node),
        state=kept(samples.state),
        holder=kept(samples.holder),
        values=tuple(kept(column) for column in samples.values),
    )
