"""A program that loads one shared library after the other, with many loaded already.

python bench/workloads/libraries.py [--report FILE] [--loaded N] [--more N]
"""

from __future__ import annotations

import _ctypes
import ctypes
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import meter


def main() -> None:
    """Load copies of a small library, and take the time of the last ones."""
    parser = meter.arguments(__doc__)
    parser.add_argument("--loaded", type=int, default=130, help="libraries before the first timed")
    parser.add_argument("--more", type=int, default=50, help="libraries that are timed")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, meter.measured(args.report) as facts:
        took = [load(Path(folder) / f"copy{at}.so") for at in range(args.loaded + args.more)]
        facts["dlopen"] = statistics.median(took[args.loaded :])


def load(path: Path) -> float:
    """Load a copy of a library under a name of its own; return the seconds."""
    shutil.copy(_ctypes.__file__, path)
    begin = time.perf_counter()
    ctypes.CDLL(str(path))
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
