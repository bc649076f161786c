"""What holds for every test."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

# No test here asserts a speed, and a machine may be busy.
settings.register_profile(
    "wadjet", deadline=None, max_examples=int(os.environ.get("TEST_EXAMPLES", "100"))
)
settings.load_profile("wadjet")

# Whoever starts a suite in the background has it ignore these, and so would the programs
# that the tests start and send them to.
for _number in (signal.SIGHUP, signal.SIGQUIT):
    signal.signal(_number, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
