"""A file that is there whole, or not at all, however many write it and whenever they are killed."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Put a file in its place at once, or leave things as they were; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.{id(data)}")
    descriptor = os.open(beside, os.O_EXCL | os.O_CREAT | os.O_WRONLY, mode & 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:  # buffered: writes all, or raises
            file.write(data)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
