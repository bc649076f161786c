"""Which quantities grow each time that something is repeated.

The rule is a sign test over the last looks: a quantity grows steadily where *each* of the last
n differences is positive. Chance that goes up as often as down does so n times in a row once
in 2 to the n (W. J. Dixon, A. M. Mood, The statistical sign test, 1946), however large single
steps are; a cache that fills, or a name that is interned, goes up and then stands still, which
starts the count anew. The rule of CPython's ``regrtest -R`` is the same for n = 3 and single
runs, after 3 that warm up: it accuses a cache that takes four runs to fill, and does not see
what leaks every second run. So whoever looks should look after several repetitions, often.

>>> growth = Growth()
>>> for turn in range(6):
...     growth.look({"leak": 10 + turn, "cache": min(turn, 3), "noise": turn % 2})
>>> growth.rising(3)
{'leak': 1}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key")


class Growth(Generic[Key]):
    """Counts in a row how often each quantity has grown.

    Keeps a few numbers for each quantity that is not 0, in place: it may be among what is
    looked at.
    """

    def __init__(self) -> None:
        self._last: dict[Key, int] = {}
        self._times: dict[Key, int] = {}
        self._least: dict[Key, int] = {}
        self._is_first = True

    def look(self, counts: Mapping[Key, int]) -> None:
        """Take in what the quantities are now; those that are not there are 0."""
        for key in [each for each in self._last if not counts.get(each)]:
            for column in (self._last, self._times, self._least):
                del column[key]
        for key, count in counts.items():
            if count:
                self._note(key, count)
        self._is_first = False

    def begin_again(self) -> None:
        """Take the next look as the first; the room for the quantities stays."""
        self._is_first = True

    def _note(self, key: Key, count: int) -> None:
        gained = 0 if self._is_first else count - self._last.get(key, 0)
        times = self._times.get(key, 0)
        self._last[key] = count
        self._times[key] = times + 1 if gained > 0 else 0
        self._least[key] = min(gained, self._least[key]) if times and gained > 0 else gained

    def rising(self, times: int) -> dict[Key, int]:
        """Return what grew at each of the last ``times`` looks, and by how much at least."""
        return {key: self._least[key] for key, grown in self._times.items() if grown >= times}
