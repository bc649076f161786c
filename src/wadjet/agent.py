"""``import wadjet.agent`` lets `wadjet heap PID` look at this process.

It starts a thread that waits at a socket, where only the same user and root may ask.
Python 3.14 and later need none of this.
"""

from __future__ import annotations

from wadjet.observe.heap import waiting

waiting.start()
