"""What lldb does for the commands of walking.py, behind which it is put."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import lldb

from wadjet.native.dump.walking import COMMANDS, Debugger, RefusedError, UnreadableError, debuggers


class Lldb(Debugger):
    """The program that lldb has stopped, or its core file."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def read(self, address: int, size: int) -> bytes:
        """Return bytes of the program's memory; raises UnreadableError."""
        error = lldb.SBError()
        place = lldb.SBAddress(address, self._target)
        found = self._target.ReadMemory(place, size, error)  # a core lacks what its files have
        if error.Fail():
            raise UnreadableError(error.GetCString())
        return bytes(found)

    def address_of(self, symbol: str) -> int | None:
        """Return where a symbol of the program is, None if there is none."""
        for found in self._target.FindSymbols(symbol):
            address = found.GetSymbol().GetStartAddress().GetLoadAddress(self._target)
            if address != lldb.LLDB_INVALID_ADDRESS:
                return int(address)
        return None


class Show:
    """A command that takes no arguments; lldb makes one each time it is called."""

    def __init__(self, *_of_lldb: object) -> None:
        pass

    def __call__(self, _debugger: Any, _words: str, context: Any, result: Any) -> None:
        """Run it."""
        said = io.StringIO()
        debuggers.append(Lldb(context.GetTarget()))
        try:
            with contextlib.redirect_stdout(said):
                self.show()
        except (RefusedError, UnreadableError) as error:
            result.SetError(str(error))
        finally:
            debuggers.pop()
            result.AppendMessage(said.getvalue().rstrip())

    def show(self) -> None:
        """Print what the command shows."""
        raise NotImplementedError

    def get_short_help(self) -> str:
        """Return what `help` shows in its list."""
        return (self.show.__doc__ or "").strip()


def __lldb_init_module(debugger: Any, names: Any) -> None:
    """Add the commands, as lldb imports this."""
    for name, show in COMMANDS:
        kind = show.__name__.title()
        names[kind] = type(kind, (Show,), {"show": staticmethod(show)})
        globals()[kind] = names[kind]
        debugger.HandleCommand(f"command script add -c {__name__}.{kind} {name}")
