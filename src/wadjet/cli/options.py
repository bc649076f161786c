"""Options that more than one command has, each written once."""

from __future__ import annotations

import argparse
from pathlib import Path

METRICS = (
    "cpu or wall; of memory peak, live, allocated, allocations, temporary, mapped; of the "
    "collector gc-pause, gc-runs, gc-examined, gc-collected (default: cpu, else wall or peak)"
)
"""The help of --metric: every metric that there may be."""


def recording(parser: argparse.ArgumentParser) -> None:
    """Add the recording that the command reads, as ``args.file``."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a recording, NAME.wadjet")


def output(parser: argparse.ArgumentParser, default: str) -> None:
    """Add where the result goes, as ``args.output`` and ``args.overwrite``."""
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="PATH",
        help=f"where to write, - for standard output (default: {default})",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace PATH if it exists")
