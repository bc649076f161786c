"""Instructions are counted by whatever tool there is."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from wadjet.errors import UnsupportedError
from wadjet.observe.startup.instructions import count


@pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind")
@pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="the sanitizers are none for valgrind")
def test_more_work_is_more_instructions() -> None:
    options = [sys.executable, "-I", "-S", "-c"]
    short = count([*options, "pass"], os.environ)
    long = count([*options, "for each in range(10**6): pass"], os.environ)
    assert long.number > short.number + 10**6


def test_without_tools_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/not/there")
    with pytest.raises(UnsupportedError, match="install valgrind"):
        count([sys.executable, "-c", "pass"], os.environ)
