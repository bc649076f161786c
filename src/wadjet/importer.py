"""Import by way of passes: in the place of the interpreter's own machinery, or by a hook.

>>> from wadjet import importer
>>> installed = importer.install("safe")
>>> installed.machinery.record.startswith("wadjet 1: texts@1")
True
>>> installed.undo()

What imports cost, with passes or without:

>>> with importer.timed() as times:
...     import this_module_is_not_there
Traceback (most recent call last):
ModuleNotFoundError: No module named 'this_module_is_not_there'
>>> [function.name for function in times.profile.tree.functions]
['this_module_is_not_there', 'find']
"""

from __future__ import annotations

from pathlib import Path

from wadjet.compiler.catalog import chosen, configured
from wadjet.pipeline.importer.hook import Hook, hook_in
from wadjet.pipeline.importer.machinery import Machinery
from wadjet.pipeline.importer.takeover import Takeover, take_over
from wadjet.pipeline.importer.times import Times, timed

__all__ = ["Hook", "Takeover", "Times", "install", "timed"]


def install(
    passes: str | None = None, *, hook_only: bool = False, strict: bool = False
) -> Takeover | Hook:
    """Compile what is imported from now on by way of passes; returns what can undo it.

    ``passes`` are words with commas between (see ``wadjet explain --list``); None takes those
    of the nearest ``pyproject.toml``, or ``safe``; an empty text none at all. The functions of
    Python's importlib are given the code that its source in the standard library compiles to,
    with the passes in it; ``hook_only`` leaves them alone and adds a finder instead.

    A module that a pass fails at is imported without any, and the failure is kept in
    ``.machinery.failures``; ``strict`` raises PassError. Raises PassError for a pass that
    there is not, UnsupportedError where importlib cannot be taken over.
    """
    words = configured(Path.cwd()) or ["safe"] if passes is None else passes.split(",")
    machinery = Machinery(chosen(filter(None, words)), strict=strict)
    return hook_in(machinery) if hook_only else take_over(machinery)
