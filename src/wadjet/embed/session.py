"""``with wadjet.sample() as recording``: a recording that a program makes of itself.

>>> with sample(rate=0) as recording:
...     total = sum(range(1000))
>>> [metric.name for metric in recording.profile.metrics]
['wall', 'cpu']
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable, Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from wadjet.errors import OutputError, UnsupportedError, WadjetError
from wadjet.observe.sampling.settings import DEFAULT_RATE, DEFAULT_WALL_RATE, Settings

if TYPE_CHECKING:  # a program that only records need not import what renders
    from wadjet.model.finding import Finding
    from wadjet.model.profile import Profile
    from wadjet.observe.sampling.companions import Companion
    from wadjet.observe.sampling.inprocess import InProcess

_PACKAGE = re.escape(str(Path(__file__).parent.parent))
_OURS = f"^{_PACKAGE}/(embed|observe|model)/"
"""Matches the functions that a recording has of Wadjet itself, starting and stopping it."""


def sample(
    rate: int = DEFAULT_RATE,
    wall_rate: int = DEFAULT_WALL_RATE,
    *,
    native: bool = False,
    collector: str = "",
    output: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Session:
    """Record all threads of this process for as long as a ``with`` block runs.

    ``rate`` is samples for each second of CPU time that a thread uses, ``wall_rate`` looks at
    all threads in a second of real time; 0 turns the one or the other off. ``native`` records
    the functions of C libraries too; ``collector`` is "runs" to record those of the garbage
    collector, "cycles" to record what it frees as well.
    ``output`` is the file to record to, ``NAME.wadjet``, which keeps what was recorded even if
    the process is killed; without it the recording is gone with the Session. ``overwrite``
    replaces a file that exists.

    Raises UsageError if a rate is out of range. Entering the block raises BusyError if this
    process is being recorded already, OutputError if ``output`` exists or cannot be written,
    and UnsupportedError if this interpreter or system cannot be recorded.
    """
    settings = Settings(rate, wall_rate, native=native, collector=collector)
    path = None if output is None else Path(output).absolute()
    return Session(settings, path, overwrite=overwrite, view=view_of_surroundings())


class Session:
    """A recording that this process makes of itself, and then what it shows.

    It records from ``start`` to ``stop``, or within ``with``, once. What the block raises
    goes on its way; the recording up to there is kept. ``path`` is its file, if it has one;
    ``view`` makes the Profile that is seen, and kept, of the one that was recorded; ``framed``
    says whether a notebook shows the report as well as the summary.
    """

    def __init__(
        self,
        settings: Settings,
        path: Path | None = None,
        *,
        overwrite: bool = False,
        command: Sequence[str] = (),
        view: Callable[[Profile], Profile] | None = None,
        framed: bool = True,
        companions: Sequence[Companion] = (),
    ) -> None:
        self.path = path
        self.framed = framed
        self._view = view
        self._companions = companions
        self._settings = settings
        self._overwrite = overwrite
        self._command = list(command) or ["python", *sys.orig_argv[1:]]
        self._recorder: InProcess | None = None
        self._stopped = False

    def start(self) -> Self:
        """Start recording; see ``sample`` for what it raises."""
        if self._recorder is not None:
            raise RuntimeError("a session records once; make another with wadjet.sample()")
        recorder = _recorder()
        self._file = self.path or self._temporary()
        self._recorder = recorder(
            self._file,
            self._settings,
            command=self._command,
            overwrite=self._overwrite,
            companions=self._companions,
        )
        return self

    def stop(self, status: int | None = None) -> None:
        """Stop recording; harmless when it has stopped. Raises OutputError.

        ``status`` is the exit status to note in the recording, if there is one.
        """
        if self._recorder is None:
            raise RuntimeError("the recording has not been started")
        self._recorder.stop(status)
        first, self._stopped = not self._stopped, True
        if first and self._view is not None and self.path is not None and self._recorder.is_ours:
            self._replace(self.path)

    @property
    def origin(self) -> int:
        """The monotonic clock, in ns, at the recording's time 0."""
        if self._recorder is None:
            raise RuntimeError("the recording has not been started")
        return self._recorder.started

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        except WadjetError as problem:
            if error is None:
                raise
            error.add_note(f"wadjet: {problem}")

    @cached_property
    def profile(self) -> Profile:
        """What was recorded; RuntimeError until it has stopped, or in a forked child."""
        if self._recorder is None or not self._stopped:
            raise RuntimeError("the recording has to stop before it can be read")
        if not self._recorder.is_ours:
            raise RuntimeError("the recording is the parent process's")
        from wadjet.model import store, transform

        profile = transform.hide(store.load(self._file), _OURS)
        return profile if self._view is None else self._view(profile)

    @cached_property
    def findings(self) -> list[Finding]:
        """The diagnosis: what stands out, what matters most first."""
        from wadjet.observe.diagnosis import diagnose

        return diagnose(self.profile)

    def show(self, file: TextIO | None = None) -> None:
        """Print the summary to ``file``, by default to standard output."""
        from wadjet.render import text

        text.summary(self.profile, self.findings, file or sys.stdout, str(self.path or ""))

    def report(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the report, one HTML file, and return its path. Raises OutputError."""
        target = Path(path)
        if target.exists() and not overwrite:
            raise OutputError(f"{target} exists", "choose another, or pass overwrite=True")
        partial = _partial(target)
        try:
            partial.write_bytes(self.page())
            partial.replace(target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise OutputError(f"cannot write {target} ({error.strerror})") from None
        return target

    def page(self) -> bytes:
        """Return the report, an HTML document that needs nothing else."""
        from wadjet.render import html

        out = BytesIO()
        html.render(self.profile, out, self.findings)
        return out.getvalue()

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the recording for ``wadjet show`` and the rest; return its path."""
        from wadjet.model import store

        store.save(self.profile, Path(path), overwrite=overwrite)
        return Path(path)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """Return what a notebook shows for the recording."""
        from wadjet.embed.display import bundle

        report = self.page() if self.framed else None
        return bundle(self.profile, self.findings, str(self.path or ""), report)

    def _replace(self, path: Path) -> None:
        """Put what is seen in the place of what was recorded."""
        partial = _partial(path)
        self.save(partial)
        partial.replace(path)

    def _temporary(self) -> Path:
        folder = tempfile.mkdtemp(prefix="wadjet-")
        weakref.finalize(self, _remove, folder, os.getpid())
        return Path(folder, "recording.wadjet")


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # a forked child leaves it to its parent
        shutil.rmtree(folder, ignore_errors=True)


def view_of_surroundings() -> Callable[[Profile], Profile] | None:
    """Return how to look at a recording made in a notebook, None anywhere else."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None:
        return None
    from wadjet.embed.cells import in_cells

    return lambda profile: in_cells(profile, shell)


def _recorder() -> type[InProcess]:
    try:
        from wadjet.observe.sampling.inprocess import InProcess
    except ImportError as error:
        raise unsupported(error) from None
    return InProcess


def unsupported(error: ImportError) -> UnsupportedError:
    """Return what to say where the core cannot be imported."""
    return UnsupportedError(
        f"this interpreter cannot be recorded ({error})",
        "it takes CPython 3.11 to 3.15 on Linux, with the GIL",
    )
