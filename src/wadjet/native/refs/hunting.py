"""Run pytest so that it hunts: with Wadjet's plugin told to, whatever starts it."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wadjet.errors import NoInputError
from wadjet.model.finding import Finding
from wadjet.native.refs.findings import load
from wadjet.native.refs.running import Ended, start


@dataclass(frozen=True, slots=True)
class Hunted:
    """How the program ended, and what was found until then."""

    ended: Ended
    findings: list[Finding]


def hunt(command: Sequence[str], preload: str) -> Hunted:
    """Run ``command``, with the library ``preload`` loaded first, and return what is found.

    Raises NoInputError for a command that there is not, or that runs no pytest.
    """
    with tempfile.TemporaryDirectory(prefix="wadjet-refs-") as folder:
        file = Path(folder) / "findings.jsonl"
        ended = start(command, _environment(file, preload))
        if not file.exists() and ended.code == 0:
            raise NoInputError(
                "the command has run no pytest that Wadjet's plugin is in",
                "name one behind `--`, with the Python that Wadjet is installed for",
            )
        return Hunted(ended, load(file))


def _environment(file: Path, preload: str) -> dict[str, str]:
    told = f"--wadjet-refs --wadjet-refs-output={shlex.quote(str(file))}"
    ours = {"PYTEST_ADDOPTS": (" ", told), "LD_PRELOAD": (":", preload)}
    found = dict(os.environ)
    for name, (between, value) in ours.items():
        found[name] = between.join(each for each in (value, found.get(name, "")) if each)
    return found
