"""A recording made in a notebook, as who wrote the notebook sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wadjet.model.origin import is_library
from wadjet.model.profile import NO_NODE, CallTree, Profile
from wadjet.model.transform import rename_files, start_below, without_lead, without_threads

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_MACHINERY = (
    r"/(IPython|ipykernel|jupyter_client|zmq|tornado|traitlets|asyncio)/"
    r"|/(ipykernel_launcher|runpy|threading)\.py:|^<frozen runpy>:"
)
_SHELL = r"/IPython/core/interactiveshell\.py:InteractiveShell\.run_code$"


def in_cells(profile: Profile, shell: InteractiveShell, number: int = 0) -> Profile:
    """Return the profile as who wrote the notebook sees it.

    Stacks start at the cell, since how it came to be run is of no interest; cells are called
    as the notebook calls them; and threads are left out that only serve the notebook.
    ``number`` is that of the recorded cell, which counts anew when a magic runs it.
    """
    profile = start_below(profile, _SHELL)
    names = _labels(profile.tree, shell, number)
    return rename_files(without_servants(without_lead(profile, _MACHINERY)), names)


def _labels(tree: CallTree, shell: InteractiveShell, number: int) -> dict[str, str]:
    labels: dict[str, str] = {}
    for node, parent in enumerate(tree.node_parent):
        file = tree.functions[tree.function_of(node)].file
        known = None if file in labels else shell.compile.format_code_name(file)
        if known is not None:  # stacks start at the cell that is recorded
            labels[file] = f"In[{number}]" if number and parent == NO_NODE else known[1]
    return labels


def without_servants(profile: Profile) -> Profile:
    """Leave out threads that were there before, and ran no code but that of libraries."""
    tree, samples = profile.tree, profile.samples
    foreign = [each.kind != "python" or is_library(each.file) for each in tree.functions]
    own = bytearray(len(tree) + 1)  # of each node, whether it or a caller is not a library's
    for node, parent in enumerate(tree.node_parent):
        own[node] = own[parent] or not foreign[tree.function_of(node)]
    rows = zip(samples.thread, samples.node, strict=True)
    working = {thread for thread, node in rows if own[node]}
    first = min((thread.started for thread in profile.threads), default=0)
    old = {number for number, thread in enumerate(profile.threads) if thread.started == first}
    return without_threads(profile, old - working) if working else profile
