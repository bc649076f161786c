"""C extensions of the tests, compiled once in each way that is asked for."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sysconfig
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

SOURCES = Path(__file__).parents[2] / "ext"


def build(name: str, folder: Path, *flags: str, source: Path | None = None) -> Path:
    """Compile ``tests/ext/NAME.c`` to an extension module in ``folder``."""
    path = folder / f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
    source = source or SOURCES / f"{name}.c"
    path.write_bytes(_compiled(source.read_bytes(), flags))
    return path


@cache
def _compiled(text: bytes, flags: tuple[str, ...]) -> bytes:
    include = f"-I{sysconfig.get_path('include')}"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "made.so"
        compiler = os.environ.get("CC", "cc")
        command = [compiler, "-shared", "-fPIC", include, *flags, "-x", "c", "-", "-o", str(out)]
        subprocess.run(command, input=text, check=True)
        return out.read_bytes()


def load(name: str, path: Path) -> ModuleType:
    """Import an extension module from a file; its name is not kept in ``sys.modules``."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
