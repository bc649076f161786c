"""A program that is stuck in two threads, for debuggers to look at."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

PROGRAM = """\
import ctypes, gc, sys, threading, time
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1))  # whoever may look at us
class Nodé: pass
nodes = [Nodé() for turn in range(4321)]
gc.disable()
def inner(ä):
    sys.stdin.read(ä)
def outer():
    inner(1)
thread = threading.Thread(target=outer)
thread.start()
while sys._current_frames()[thread.ident].f_code.co_name != "inner":
    time.sleep(0.001)
print("ready", flush=True)
"""


@pytest.fixture(scope="module")
def stuck() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        yield child
        child.communicate(b"\n")
