"""The script that Python is started with, compiled by the interpreter, by way of passes."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import CodeType

from wadjet.errors import UnsupportedError
from wadjet.pipeline.importer.machinery import Machinery


def optimize_script(machinery: Machinery) -> None:
    """Have the script that is about to start run by way of the passes, in the same module.

    For what is imported before the script, by a ``.pth`` file or ``sitecustomize``. A script
    that cannot be read again, or that a pass fails at, runs as it is. Raises UnsupportedError
    where the C core is not built.
    """
    try:
        from wadjet.pipeline.importer._script import replace_script
    except ImportError:
        raise UnsupportedError("a script cannot be optimized without the C core") from None

    def again(code: CodeType) -> CodeType | None:
        try:
            data = Path(code.co_filename).read_bytes()
        except OSError:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the interpreter has given them already
            return machinery.compile(data, code.co_filename, "exec")

    replace_script(again)
