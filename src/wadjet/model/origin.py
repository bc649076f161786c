"""Whose code a file is, and how to call it: the program's own, or a library's.

>>> is_library("/usr/lib/python3.11/json/decoder.py"), is_library("/srv/shop/app.py")
(True, False)
>>> shown("/usr/lib/python3.11/json/decoder.py"), shown("/srv/shop/app.py", ("/srv/",))
('json/decoder.py', 'shop/app.py')
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import PurePosixPath

from wadjet.model.profile import Fact

_LIBRARY = re.compile(
    r"(?:.*/(?:site-packages|dist-packages)/|.*?/lib(?:64)?/python\d[\d.]*t?/|.*/python3\d+\.zip/"
    r"|<(?:frozen|built-in) (?=[^>]*>))"
)
_INSTALLED = re.compile(r".*/(?:site-packages|dist-packages)/")
_TAGGED = re.compile(r"([^.]+)\.(?:cpython-|abi3|so$)[^/]*$")  # an extension module's file
_SHARED_OBJECT = re.compile(r"\.(?:so(?:\.[\d.]+)?|dylib|pyd|dll)$")


@cache
def is_library(file: str) -> bool:
    """Say whether ``file`` is Python's own or an installed package's, or compiled code."""
    return not file or bool(_LIBRARY.match(file) or _SHARED_OBJECT.search(file))


def homes(about: Mapping[str, Fact]) -> tuple[str, ...]:
    """Return the directories that a program's own files are named from.

    >>> homes({"cwd": "/srv", "command": ["/opt/shop/app.py", "--orders", "500"]})
    ('/srv/', '/opt/shop/')
    """
    cwd = str(about.get("cwd") or "")
    command = about.get("command")
    words = command if isinstance(command, list) else []
    script = next((str(word) for word in words if str(word).endswith(".py")), "")
    found = (cwd, str(PurePosixPath(cwd, script).parent) if script else "")
    return tuple(dict.fromkeys(home.rstrip("/") + "/" for home in found if home))


@cache
def shown(file: str, homes: tuple[str, ...] = ()) -> str:
    """Return the shortest name of ``file`` that people recognise.

    In one of ``homes`` it is relative; in a library it starts at the package; a shared
    object keeps its file name only. It does not depend on the machine, so two recordings
    of one program agree on it.
    """
    if _SHARED_OBJECT.search(file):
        return PurePosixPath(file).name
    library = _LIBRARY.match(file)
    if library:
        return file[library.end() :].rstrip(">")
    home = next((home for home in homes if file.startswith(home)), "")
    return file[len(home) :]


@cache
def library(file: str) -> str:
    """Return which library ``file`` belongs to: an installed package, Python, or a shared object.

    C code is told from the Python code of its package.

    >>> library("/srv/shop/app.py"), library("/usr/lib/python3.11/json/decoder.py")
    ('the program', "Python's library")
    >>> library("/env/lib/python3.11/site-packages/lxml/etree.cpython-311-x86_64-linux-gnu.so")
    'lxml.etree (C)'
    >>> library("/env/lib/python3.11/site-packages/pandas/core/frame.py"), library("/lib/libc.so.6")
    ('pandas', 'libc.so.6')
    """
    installed = _INSTALLED.match(file)
    inside = file[installed.end() :] if installed else ""
    if _SHARED_OBJECT.search(file):
        name = _TAGGED.match(inside or PurePosixPath(file).name)
        return f"{name[1].replace('/', '.')} (C)" if name else PurePosixPath(file).name
    if installed:
        return inside.partition("/")[0].removesuffix(".py")
    if not file or file == "[unknown]":
        return "(not known)"
    return "Python's library" if _LIBRARY.match(file) else "the program"


@cache
def module(file: str, homes: tuple[str, ...] = ()) -> str:
    """Return the dotted name of the module that ``file`` most likely is.

    >>> module("/usr/lib/python3.11/json/__init__.py"), module("/srv/shop/app.py", ("/srv/",))
    ('json', 'shop.app')
    """
    name = shown(file, homes)
    if not name.endswith(".py"):
        return name
    return name.removesuffix(".py").removesuffix("/__init__").strip("/").replace("/", ".")
