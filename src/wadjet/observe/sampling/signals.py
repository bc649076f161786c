"""The signals that are sent to the supervisor and meant for the program."""

from __future__ import annotations

import signal
import subprocess
from types import TracebackType
from typing import Self

_FOR_THE_PROGRAM = {
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGCONT,
}
_OF_THE_TERMINAL = {signal.SIGINT, signal.SIGQUIT, signal.SIGHUP}
_SI_KERNEL = 0x80


class Signals:
    """While it is entered, signals wait until ``pass_on`` sends them to the program.

    They wait blocked, with no handler of ours: so none is lost before the program is
    there, and the program inherits what is ignored, as it would from a shell. What a
    terminal sends, as upon Ctrl-C, reaches the program without us.
    """

    def __enter__(self) -> Self:
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, _FOR_THE_PROGRAM)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.restore()

    def restore(self) -> None:
        """Let signals through that were let through before, for the program's start too."""
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)

    def pass_on(self, process: subprocess.Popen[bytes]) -> None:
        """Send the program what has come; drop it if the program has ended."""
        while (info := signal.sigtimedwait(_FOR_THE_PROGRAM, 0)) is not None:
            from_terminal = info.si_code == _SI_KERNEL and info.si_signo in _OF_THE_TERMINAL
            if not from_terminal:
                process.send_signal(info.si_signo)
