"""Where a user's warm servers are, and what each is called."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from wadjet.errors import OutputError

SUFFIX = ".sock"


def folder() -> Path:
    """Return the folder of the user's sockets; it is made where it is missing.

    Raises OutputError where it is somebody else's, or others may enter it.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    path = Path(runtime, "wadjet") if runtime else Path(f"/tmp/wadjet-{os.getuid()}")
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise OutputError(f"cannot make {path} ({error.strerror})", "set XDG_RUNTIME_DIR") from None
    if not is_private(found, os.getuid()):
        raise OutputError(f"{path} is not a folder of yours alone", "remove it, or chmod 700")
    return path


def is_private(found: os.stat_result, user: int) -> bool:
    """Say whether a file is a folder that only its owner may enter, who is this user."""
    return stat.S_ISDIR(found.st_mode) and found.st_uid == user and not found.st_mode & 0o077


def name(preload: Sequence[str]) -> str:
    """Return what the server of this interpreter, environment and these imports is called."""
    known = json.dumps([sys.executable, sys.prefix, sys.version, sorted(preload)])
    return f"{hashlib.blake2b(known.encode(), digest_size=8).hexdigest()}{SUFFIX}"
