"""What the treatments need of the interpreter and of the machine."""

from __future__ import annotations

import os
from pathlib import Path

from wadjet.errors import UnsupportedError

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_GROUP = Path("/sys/fs/cgroup")


def require_core() -> None:
    """Raise UnsupportedError where the compiled part is missing."""
    try:
        from wadjet.observe.collector import _collector  # noqa: F401
    except ImportError as error:
        raise UnsupportedError(
            f"the collector cannot be treated here ({error})",
            "it takes CPython 3.11 to 3.15 on Linux, with the GIL",
        ) from None


def require_lists() -> None:
    """Raise UnsupportedError unless the collector keeps generations as lists."""
    require_core()
    from wadjet.observe.collector import _collector

    if _collector.is_incremental():
        raise UnsupportedError(
            "CPython 3.14.0 to 3.14.4 collect bit by bit, and keep their objects in another way",
            "use 3.14.5 or later",
        )


def anonymous_memory() -> int:
    """Return the bytes of this process's own that are in memory: what a fork may copy."""
    resident, shared = Path("/proc/self/statm").read_text().split()[1:3]
    return (int(resident) - int(shared)) * _PAGE


def available_memory() -> int:
    """Return the bytes that can be had without swapping, by the machine and its group."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    machine = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    return min(machine * 1024, _left_to_group())


def private_dirty() -> int:
    """Return the bytes of this process that no other process shares, as they were written to."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))


def _left_to_group() -> int:
    try:
        limit = (_GROUP / "memory.max").read_text().strip()
        used = (_GROUP / "memory.current").read_text()
        return int(limit) - int(used)
    except (OSError, ValueError):  # no group, or no limit
        return 1 << 62
