"""What gdb does for the commands of walking.py, behind which it is put."""

from __future__ import annotations

from typing import Callable  # noqa: UP035  gdb may have Python 3.8

import gdb

from wadjet.native.dump.walking import COMMANDS, Debugger, RefusedError, UnreadableError, debuggers


class Gdb(Debugger):
    """The program that gdb has stopped, or its core file."""

    def read(self, address: int, size: int) -> bytes:
        """Return bytes of the program's memory; raises UnreadableError."""
        try:
            return bytes(gdb.selected_inferior().read_memory(address, size))
        except gdb.MemoryError as error:
            raise UnreadableError(str(error)) from None

    def address_of(self, symbol: str) -> int | None:
        """Return where a symbol of the program is, None if there is none."""
        try:
            return int(gdb.parse_and_eval(f"(unsigned long)&{symbol}"))
        except gdb.error:
            return None


class Show(gdb.Command):  # type: ignore[misc]
    """A command that takes no arguments."""

    def __init__(self, name: str, show: Callable[[], None]) -> None:
        super().__init__(name, gdb.COMMAND_STACK)
        self._show = show
        self.__doc__ = show.__doc__

    def invoke(self, _argument: str, _from_tty: bool) -> None:
        """Run it."""
        try:
            self._show()
        except (RefusedError, UnreadableError) as error:
            raise gdb.GdbError(str(error)) from None


debuggers.append(Gdb())
for _name, _show in COMMANDS:
    Show(_name, _show)
