"""Blocks are told one by one, with who made them."""

from __future__ import annotations

import linecache

import pytest

from wadjet.errors import BusyError
from wadjet.observe.memory.blocks import Blocks, unpack


def _near(sizes: list[int], size: int) -> int:
    """Return how many are of that size, or a little more."""
    return sum(0 < each - size < 99 for each in sizes)


def test_a_block_is_told_from_its_making_to_its_end() -> None:
    early = bytearray(77_777)
    blocks = Blocks()
    try:
        kept = bytearray(55_555)
        gone = bytearray(66_666)
        del gone
        sizes = [each.size for each in unpack(blocks.live())]
        del kept
        later = [each.size for each in unpack(blocks.live())]
    finally:
        blocks.stop()
        blocks.close()
    assert [_near(sizes, size) for size in (55_555, 66_666, len(early))] == [1, 0, 0]
    assert _near(later, 55_555) == 0


def test_the_chain_leads_to_the_line_that_asked() -> None:
    blocks = Blocks()
    try:
        kept = bytearray(44_444)  # here
        (block,) = [each for each in unpack(blocks.live()) if 0 < each.size - 44_444 < 99]
    finally:
        blocks.stop()
    frames = blocks.chain(block.context)  # also after the end
    blocks.close()
    first = next(each for each in frames if not each.is_native)
    assert linecache.getline(first.file, first.line).rstrip().endswith("# here")
    assert first.file == __file__
    assert len(kept) == 44_444


def test_only_one_may_watch() -> None:
    blocks = Blocks()
    try:
        with pytest.raises(BusyError):
            Blocks()
    finally:
        blocks.stop()
        blocks.close()


def test_after_the_end_nothing_is_told() -> None:
    blocks = Blocks()
    blocks.stop()
    with pytest.raises(RuntimeError, match="no memory is watched"):
        blocks.live()
    blocks.close()
