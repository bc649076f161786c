"""Options that more than one command has, each written once."""

from __future__ import annotations

import argparse
from pathlib import Path

METRICS = (
    "cpu or wall; of memory peak, live, allocated, allocations, temporary, mapped; of the "
    "collector gc-pause, gc-runs, gc-examined, gc-collected; of a start start, syscalls, read, "
    "faults (default: cpu, else wall or peak)"
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


PASSES = "safe, all, names of passes, module:name; -NAME leaves one out; commas between"


def passes(parser: argparse.ArgumentParser) -> None:
    """Add which passes are applied, as ``args.passes``."""
    parser.add_argument(
        "-O",
        "--passes",
        metavar="WORDS",
        help=f"{PASSES} (default: those of pyproject.toml, or safe)",
    )


def words(given: str | None) -> list[str]:
    """Return the words for passes: those given, else those of the project, else ``safe``."""
    from wadjet.compiler.catalog import configured

    if given is not None:
        return [each for each in given.split(",") if each]
    return configured(Path.cwd()) or ["safe"]
