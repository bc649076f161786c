"""Facts about the interpreter that we run on, by name.

The only Python file that asks which version or build this is; the C core has its own in
``core/base/compat.h``.
"""

from __future__ import annotations

import platform
import sys
import sysconfig

from wadjet.errors import UnsupportedError

VERSION = tuple(sys.version_info)
"""The version of the interpreter, for what is compiled for it."""

RELEASE = (sys.version_info.major, sys.version_info.minor)
"""The same without what does not change the C API."""

TELLS_EVERY_LINE = sys.version_info < (3, 14)
"""Whether a tracer hears of every line: later, a ``return`` behind a loop may be left out."""

PLACES_IN_F_STRINGS = sys.version_info >= (3, 12)
"""Whether the nodes within an f-string know where they are (PEP 701)."""

LAZY_ANNOTATIONS = sys.version_info >= (3, 14)
"""Whether annotations are evaluated when somebody asks for them (PEP 649)."""

INLINED_COMPREHENSIONS = sys.version_info >= (3, 12)
"""Whether list, set and dict comprehensions run in the frame around them (PEP 709)."""

FAST_LEAST = sys.version_info >= (3, 13)
"""Whether min and max are called without a tuple of what they compare."""

ENTERS_INIT = sys.version_info >= (3, 13)
"""Whether a class that is called enters its __init__ without a frame of C between."""

KEEPS_COMMANDS = sys.version_info >= (3, 13)
"""Whether tracebacks show the lines of what ``-c`` was given."""

LAZY_IMPORTS = sys.version_info >= (3, 15)
"""Whether to read a name may import a module (PEP 810)."""

ANNOTATIONS_IN_MAIN = sys.version_info < (3, 14)
"""Whether the program's module starts with an empty __annotations__."""

CACHED_IN_MAIN = sys.version_info < (3, 15)
"""Whether a script's module has a __cached__, of None."""

LINES_OF_COMMANDS = sys.version_info >= (3, 13)
"""Whether tracebacks show the lines of what -c runs."""

MINOR = sys.version_info[:2]
"""The version as layouts of C structures go by."""

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
"""This interpreter was built without the GIL."""


def parser_offsets(version: tuple[int, int]) -> tuple[int, int]:
    """Return where a ``_PyArg_Parser`` of a version has its format and its keywords."""
    return (8, 16) if version == (3, 12) else (0, 8)


def unpacks_the_rest(version: tuple[int, int]) -> bool:
    """Whether ``_PyArg_UnpackKeywords`` of a version is told of ``*args``, before its buffer."""
    return version >= (3, 14)


_MACHINES = ("x86_64", "aarch64")


def require_native() -> None:
    """Raise UnsupportedError, with the reason, where C code cannot be looked at."""
    if FREE_THREADED or sys.platform != "linux" or platform.machine() not in _MACHINES:
        raise UnsupportedError(
            f"C code cannot be looked at by this Python ({sys.platform}, {platform.machine()}"
            f"{', free-threaded' if FREE_THREADED else ''})",
            "use an ordinary build of CPython on Linux, x86-64 or aarch64",
        )


def require_recordable() -> None:
    """Raise UnsupportedError, with the reason, where nothing can be recorded."""
    if FREE_THREADED:
        raise UnsupportedError(
            "free-threaded builds of Python cannot be recorded yet",
            "run the program with an ordinary build, such as python3 rather than python3t",
        )
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        raise UnsupportedError(
            f"{sys.platform} on {platform.machine()} cannot be recorded yet",
            "record on Linux, x86-64 or aarch64; recordings can be shown anywhere",
        )
    if sys.implementation.name != "cpython":
        raise UnsupportedError(f"{sys.implementation.name} cannot be recorded", "use CPython")


def require_freezable() -> None:
    """Raise UnsupportedError, with the reason, where no process can be frozen."""
    if FREE_THREADED or sys.implementation.name != "cpython":
        raise UnsupportedError(
            "this build of Python cannot be frozen", "use CPython, as it is built by default"
        )
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise UnsupportedError(
            f"a process cannot be frozen on {sys.platform}, {platform.machine()} yet",
            "use Linux on x86-64",
        )
    if platform.libc_ver()[0] != "glibc":
        raise UnsupportedError("only processes with the GNU C library can be frozen")
