"""Arithmetic on whole columns of integers: what ``columns`` names, in plain Python.

It says what the functions of the C core mean, and stands in for them where that is not
built. A column is an array of integers, or a memoryview of such. A number that does not fit
raises OverflowError, an index that points nowhere IndexError, columns of different lengths
ValueError.
"""

from __future__ import annotations

import sys
from array import array
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate, chain, compress, islice
from operator import gt, itemgetter, sub


def differences(column: Sequence[int]) -> array[int]:
    """Return the steps from number to number, those below zero made odd ("zigzag").

    >>> list(differences(array("q", [5, 3, 3, 4])))
    [10, 3, 0, 2]
    """
    moves = map(sub, column, chain((0,), column))
    return array("Q", [step << 1 if step >= 0 else ~(step << 1) for step in moves])


def accumulated(code: str, steps: Sequence[int]) -> array[int]:
    """Return the column of ``code`` ("i" or "q") that has these differences.

    >>> list(accumulated("i", array("Q", [10, 3, 0, 2])))
    [5, 3, 3, 4]
    """
    return array(code, accumulate([step >> 1 if not step & 1 else ~(step >> 1) for step in steps]))


def extremes(column: Sequence[int]) -> tuple[int, int]:
    """Return the least and the largest number; ValueError where there is none.

    >>> extremes(array("i", [5, 3, 4]))
    (3, 5)
    """
    values = set(column)  # twice as fast as to look for the least and the largest
    return min(values), max(values)


def tally(column: Sequence[int]) -> int:
    """Return how many numbers are not 0.

    >>> tally(array("i", [5, 0, 4]))
    2
    """
    return sum(map(bool, column))


def falls(column: Sequence[int]) -> array[int]:
    """Return the rows whose number is less than the one above.

    >>> list(falls(array("q", [5, 3, 4, 1])))
    [1, 3]
    """
    later = islice(column, 1, None)
    return array("q", compress(range(1, len(column)), map(gt, column, later)))


def pick(column: Sequence[int], marks: Sequence[int]) -> array[int]:
    """Return the numbers whose mark is not 0.

    >>> list(pick(array("q", [5, 3, 4]), array("b", [1, 0, 1])))
    [5, 4]
    """
    rows = zip(column, marks, strict=True)
    return array(_code(column), [number for number, mark in rows if mark])


def gather(table: Sequence[int], index: Sequence[int], other: int) -> array[int]:
    """Return the table's number at each index, ``other`` where that is negative.

    >>> list(gather(array("i", [7, 8, 9]), array("i", [2, -1, 0]), 0))
    [9, 0, 7]
    """
    return array(_code(table), [table[at] if at >= 0 else other for at in index])


def scatter(sums: array[int], index: Sequence[int], values: Sequence[int]) -> None:
    """Add each value to the sum at its index, but where that is negative.

    >>> sums = array("q", [0, 0])
    >>> scatter(sums, array("i", [1, -1, 1]), array("q", [2, 3, 4]))
    >>> list(sums)
    [0, 6]
    """
    if len(index) != len(values):
        raise ValueError("columns of different lengths")
    for at, value in zip(index, values, strict=True):
        if at >= 0:
            sums[at] += value


def fuse(left: Sequence[int], factor: int, right: Sequence[int]) -> array[int]:
    """Return ``left * factor + right``, row by row.

    >>> list(fuse(array("i", [1, 2]), 10, array("i", [3, 4])))
    [13, 24]
    """
    rows = zip(left, right, strict=True)
    return array("q", [one * factor + other for one, other in rows])


def divide(column: Sequence[int], by: int) -> array[int]:
    """Return each number divided by ``by``, which is above 0, and rounded down.

    >>> list(divide(array("i", [-1, 9, 10]), 5))
    [-1, 1, 2]
    """
    if by <= 0:
        raise ValueError("a divisor is above 0")
    return array("q", [number // by for number in column])


def group(keys: Sequence[int], values: Sequence[int]) -> tuple[array[int], array[int]]:
    """Return the distinct keys in the order in which they come, and the sum of each.

    Rows of value 0 count for nothing.

    >>> keys, sums = group(array("q", [7, 5, 6, 7]), array("q", [1, 2, 0, 3]))
    >>> list(keys), list(sums)
    ([7, 5], [4, 2])
    """
    sums: defaultdict[int, int] = defaultdict(int)
    for key, value in compress(zip(keys, values, strict=True), values):
        sums[key] += value
    return array("q", sums), array("q", sums.values())


def rank(keys: Sequence[int]) -> tuple[array[int], array[int]]:
    """Return of each distinct key the row that has it first, and of each row which one it has.

    >>> firsts, ranks = rank(array("q", [7, 5, 7]))
    >>> list(firsts), list(ranks)
    ([0, 1], [0, 1, 0])
    """
    numbers: dict[int, int] = {}
    ranks = array("i", [numbers.setdefault(key, len(numbers)) for key in keys])
    rows: dict[int, int] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, row)
    return array("i", rows.values()), ranks


def sort(keys: array[int], values: array[int]) -> None:
    """Sort rows by their keys, which are not negative; rows of equal keys stay as they came.

    >>> keys, values = array("q", [7, 5]), array("q", [1, 2])
    >>> sort(keys, values)
    >>> list(keys), list(values)
    ([5, 7], [2, 1])
    """
    pairs = sorted(zip(keys, values, strict=True), key=itemgetter(0))
    if pairs and pairs[0][0] < 0:
        raise ValueError("a key is negative")
    keys[:] = array("q", [key for key, _ in pairs])
    values[:] = array("q", [value for _, value in pairs])


def is_tree(parents: Sequence[int]) -> bool:
    """Say whether each node has a parent before it, or -1 for none. So has a tree, here and below.

    >>> is_tree(array("i", [-1, 0, 0])), is_tree(array("i", [-1, 2, 0]))
    (True, False)
    """
    return all(map(gt, range(len(parents)), parents)) and min(parents, default=-1) >= -1


def descend(parents: Sequence[int], totals: array[int]) -> None:
    """Add to the number of each node those of all nodes below it.

    >>> totals = array("q", [1, 2, 4])
    >>> descend(array("i", [-1, 0, 1]), totals)
    >>> list(totals)
    [7, 6, 4]
    """
    _require_tree(parents)
    for parent, node in zip(reversed(parents), range(len(totals) - 1, -1, -1), strict=True):
        if parent >= 0:
            totals[parent] += totals[node]


def preorder(parents: Sequence[int]) -> tuple[array[int], array[int]]:
    """Return the nodes with each before its descendants, and where each one's end.

    ``order[i]`` is followed by its descendants, ``order[i + 1:ends[i]]``.

    >>> order, ends = preorder(array("i", [-1, 0, 0, 1]))
    >>> list(order), list(ends)
    ([0, 1, 3, 2], [4, 3, 3, 4])
    """
    _require_tree(parents)
    size = array("i", [1]) * (len(parents) + 1)
    for node in range(len(parents) - 1, -1, -1):
        size[parents[node]] += size[node]
    free = array("i", bytes(4 * (len(parents) + 1)))
    order = array("i", bytes(4 * len(parents)))
    ends = array("i", bytes(4 * len(parents)))
    for node, parent in enumerate(parents):
        place = free[parent]
        free[parent] = ends[place] = place + size[node]
        free[node] = place + 1
        order[place] = node
    return order, ends


def nearest(parents: Sequence[int], marks: Sequence[int]) -> array[int]:
    """Return for each node the nearest one up that is marked, itself included; -1 for none.

    >>> list(nearest(array("i", [-1, 0, 1]), array("b", [0, 1, 0])))
    [-1, 1, 1]
    """
    _require_tree(parents)
    found = array("i", [-1]) * (len(parents) + 1)  # the last one is the parent of roots
    for node, (parent, mark) in enumerate(zip(parents, marks, strict=True)):
        found[node] = node if mark else found[parent]
    found.pop()
    return found


def planes(column: Sequence[int], width: int) -> bytes:
    """Return the lowest bytes of all numbers, then the second lowest, ...: ``width`` of each.

    >>> planes(array("i", [0x0102, 0x0304]), 2).hex(" ")
    '02 04 01 03'
    """
    data = memoryview(column).tobytes()  # type: ignore[arg-type]
    own = memoryview(column).itemsize  # type: ignore[arg-type]
    if not 1 <= width <= own:
        raise ValueError("a number has not so many bytes")
    starts = range(width) if sys.byteorder == "little" else range(own - 1, own - 1 - width, -1)
    return b"".join(data[start::own] for start in starts)


def _code(column: Sequence[int]) -> str:
    """Return what a column of such numbers is made of."""
    held = memoryview(column)  # type: ignore[arg-type]
    return "q" if held.itemsize == 8 else "b" if held.format == "b" else "i"


def _require_tree(parents: Sequence[int]) -> None:
    if not is_tree(parents):
        raise ValueError("a node comes before its parent")
