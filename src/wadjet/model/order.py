"""Putting samples in the order of time.

A recorder drains threads and processes one after the other, so that rows of a file are
almost, but not quite, in order: a few are late by a few places. Moving those is far cheaper
than sorting everything.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence

from wadjet.model.columns import extremes, fuse, gather, sort
from wadjet.model.profile import Samples

_MANY = 16
"""If one row in so many is late, sorting everything is cheaper."""


def in_order(samples: Samples, late: Sequence[int]) -> Samples:
    """Return samples by time, rows of equal time as they came.

    ``late`` lists, in order, every row whose time is before the row above it.

    >>> column = array("i", [0, 1, 2, 3])
    >>> rows = Samples(array("q", [5, 9, 7, 8]), column, column, column, column, ())
    >>> sorted_rows = in_order(rows, [2])
    >>> list(sorted_rows.time), list(sorted_rows.thread)
    ([5, 7, 8, 9], [0, 2, 3, 1])
    """
    if not late:
        return samples
    columns = [
        array(column.typecode, column)
        for column in (
            samples.time,
            samples.thread,
            samples.node,
            samples.state,
            samples.holder,
            *samples.values,
        )
    ]
    if len(late) * _MANY > len(samples):
        _sort(columns, 0, len(samples))
    else:
        _mend(columns, late)
    time, thread, node, state, holder, *values = columns
    return Samples(time, thread, node, state, holder, tuple(values))


def _mend(columns: Sequence[array[int]], late: Sequence[int]) -> None:
    """Sort around each late row; all rows above it are in order by then."""
    time = columns[0]
    done = 0
    for row in late:
        if row >= done:
            peak, done = time[row - 1], row + 1
            while done < len(time) and time[done] < peak:
                done += 1
            start = bisect_right(time, min(time[row:done]), 0, row)
            _sort(columns, start, done)


def _sort(table: Sequence[array[int]], start: int, end: int) -> None:
    time, order = table[0][start:end], array("q", range(end - start))
    least = array("q", [min(0, *extremes(time))]) * len(time)
    sort(fuse(least, -1, time), order)
    for column in table:
        column[start:end] = gather(column[start:end], order, 0)
