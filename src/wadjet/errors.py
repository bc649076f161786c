"""One root error and its few children.

Every error has a *slug*: the name of the page under ``docs/reference/errors`` that gives
its cause and cure, and an *exit code*, which the command line returns.
"""

from __future__ import annotations


class WadjetError(Exception):
    """Something in the environment or the data stopped us; says what, and how to mend it."""

    slug = "error"
    exit_code = 70

    def __init__(self, what: str, cure: str = "") -> None:
        super().__init__(f"{what}; {cure}" if cure else what)
        self.what = what
        self.cure = cure


class UsageError(WadjetError):
    """The command line asks for something that cannot be."""

    slug = "usage"
    exit_code = 64


class RecordingError(WadjetError):
    """A file is not a recording that can be read."""

    slug = "recording"
    exit_code = 65


class SnapshotError(WadjetError):
    """A file is not a snapshot of a heap that can be read."""

    slug = "snapshot"
    exit_code = 65


class FreezeError(WadjetError):
    """A process cannot be written as an executable, or a file is no such executable."""

    slug = "freeze"
    exit_code = 65


class SourceError(WadjetError):
    """A source file cannot be read, or is no Python."""

    slug = "source"
    exit_code = 65


class PassError(WadjetError):
    """A pass over source code failed, or made something that is no program."""

    slug = "pass"
    exit_code = 70


class PycError(WadjetError):
    """A file of compiled code cannot be used."""

    slug = "pyc"
    exit_code = 65


class NoInputError(WadjetError):
    """A file that was named does not exist or may not be read."""

    slug = "no-input"
    exit_code = 66


class UnsupportedError(WadjetError):
    """This interpreter or platform cannot do what was asked."""

    slug = "unsupported"
    exit_code = 69


class OutputError(WadjetError):
    """A result could not be written."""

    slug = "output"
    exit_code = 73


class ImageError(WadjetError):
    """A file has no machine code that can be read, or no callables in it."""

    slug = "image"
    exit_code = 65


class BusyError(WadjetError):
    """This process is being recorded already."""

    slug = "busy"
    exit_code = 75


class MissingExtraError(WadjetError):
    """A command needs a package that only an optional extra installs."""

    slug = "missing-extra"
    exit_code = 69


class ExtensionError(WadjetError):
    """An extension module cannot be built, imported or run as it is."""

    slug = "extension"
    exit_code = 65
