"""Found by ``site`` before any other ``sitecustomize``, since its folder leads PYTHONPATH.

Starts the recorder, removes its own traces from the path and the environment, and makes
way for the ``sitecustomize`` that the program would have had. So the program itself is
started by the interpreter, as ever, and not by us.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # nothing may be imported for it
    from collections.abc import MutableMapping


def _boot() -> None:
    import os
    import sys

    here = os.path.dirname(__file__)  # noqa: PTH120 - pathlib would be imported for it
    sys.path[:] = [entry for entry in sys.path if entry != here]
    sys.path_importer_cache.pop(here, None)
    value = os.environ.get("WADJET_AGENT")
    if value and not _start(value, here):
        _restore(os.environ, here)


def _start(value: str, here: str) -> bool:
    """Start the recorder; True if processes that this one starts are to be recorded too."""
    import os
    import sys

    root = here
    for _ in range(4):  # boot, sampling, observe, wadjet
        root = os.path.dirname(root)  # noqa: PTH120
    cached = set(sys.path_importer_cache)
    sys.path.append(root)
    try:
        from wadjet.observe.sampling import agent
    except (ImportError, SyntaxError):  # another Python than ours, somewhere below the program
        version = sys.version.split()[0]
        pid = os.getpid()
        print(f"wadjet: process {pid} is not recorded (it is Python {version})", file=sys.stderr)
        return True
    finally:
        sys.path.remove(root)
        for entry in set(sys.path_importer_cache) - cached:
            sys.path_importer_cache.pop(entry, None)
    return agent.start(value) and agent.follows(value)


def _restore(environ: MutableMapping[str, str], here: str) -> None:
    import os

    package = os.path.dirname(os.path.dirname(os.path.dirname(here)))  # noqa: PTH120
    environ.pop("WADJET_AGENT", None)
    for name in ("PYTHONPATH", "LD_PRELOAD"):
        entries = environ.get(name, "").split(":")
        rest = [entry for entry in entries if not entry.startswith(package + "/")]
        if rest and name in environ:
            environ[name] = ":".join(rest)
        else:
            environ.pop(name, None)


def _make_way() -> None:
    import sys

    ours = sys.modules.pop(__name__)
    try:
        import sitecustomize  # type: ignore[import-not-found] # noqa: F401 - the one behind us on the path
    except ModuleNotFoundError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault(__name__, ours)


_boot()
_make_way()
