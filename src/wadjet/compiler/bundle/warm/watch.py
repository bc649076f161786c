"""Changes to files, heard of from the kernel (inotify): nothing has to be looked at each time."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable

_EVENT = struct.Struct("=iIII")
_CHANGES = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200
"""IN_MODIFY, IN_ATTRIB, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE."""
_GONE = 0x400 | 0x800 | 0x4000 | 0x8000
"""IN_DELETE_SELF, IN_MOVE_SELF, IN_Q_OVERFLOW, IN_IGNORED: of the folder, or nobody knows."""


class Watch:
    """Hears of changes to some files; ``descriptor`` is readable when there are any."""

    def __init__(self, files: Iterable[str]) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        self.descriptor = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._names: dict[str, set[str]] = {}
        self._folders: dict[int, str] = {}
        for file in files:
            folder, name = os.path.split(file)
            self._names.setdefault(folder, set()).add(name)
        for folder in self._names:
            place = os.fsencode(folder)
            number = library.inotify_add_watch(self.descriptor, place, _CHANGES | 0x400 | 0x800)
            if number < 0:
                code = ctypes.get_errno()
                raise OSError(code, os.strerror(code), folder)
            self._folders[number] = folder

    def changed(self) -> list[str]:
        """Return the files that have changed since the last call, in their order.

        More may be waiting: the descriptor is readable until all have been returned.
        """
        try:
            data = os.read(self.descriptor, 65536)
        except BlockingIOError:
            return []
        found, place = [], 0
        while place < len(data):
            number, mask, _, size = _EVENT.unpack_from(data, place)
            place += _EVENT.size + size
            folder = self._folders.get(number, "")
            name = os.fsdecode(data[place - size : place].rstrip(b"\0"))
            names = self._names.get(folder, set())
            if mask & _GONE or name in names or (name.endswith(".pth") and "*.pth" in names):
                found.append(os.path.join(folder, name))  # noqa: PTH118
        return found


def files_in_memory() -> set[str]:
    """Return the files of the interpreter and of the modules that are imported.

    ``*.pth`` stands for any such file of a folder that the site looks at.
    """
    found = {sys.executable, os.path.realpath(sys.executable)}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and os.path.isfile(file):  # noqa: PTH113
            found |= {os.path.abspath(file), os.path.realpath(file)}  # noqa: PTH100
    for folder in sys.path:
        if os.path.basename(folder) in ("site-packages", "dist-packages"):  # noqa: PTH119
            if os.path.isdir(folder):  # noqa: PTH112
                found.add(os.path.join(folder, "*.pth"))  # noqa: PTH118
    return found
