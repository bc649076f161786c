"""Known costs of the standard library: what is slow, and what to write instead.

A row tells a habit by the library functions it ends in. Add a row to teach Wadjet another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habit:
    """Time in functions of ``files`` whose names match ``names`` is time spent ``doing``."""

    rule: str
    doing: str
    files: tuple[str, ...]
    treatment: str
    names: re.Pattern[str] = re.compile("")

    def matches(self, file: str, name: str) -> bool:
        """Say whether a function of ``file``, named as in the library, is of this habit."""
        return file.startswith(self.files) and bool(self.names.match(name))


HABITS = (
    Habit(
        "regex-compile",
        "compiling regular expressions",
        ("re/_compiler.py", "re/_parser.py", "sre_compile.py", "sre_parse.py"),
        "Compile the pattern once, outside the loop: `PATTERN = re.compile(...)`. The cache "
        "of `re` holds 512 patterns; patterns made at run time pass through it.",
    ),
    Habit(
        "deepcopy",
        "copying with `copy.deepcopy`",
        ("copy.py",),
        "Copy what changes only (`dict(x)`, `list(x)`, `dataclasses.replace`), or share "
        "immutable values.",
        re.compile("deepcopy|_deepcopy|_reconstruct"),
    ),
    Habit(
        "asdict",
        "turning dataclasses into dictionaries with `dataclasses.asdict`",
        ("dataclasses.py",),
        "`asdict` copies everything deeply: build the dictionary from the fields you need.",
        re.compile("_?asdict|_?astuple"),
    ),
    Habit(
        "json",
        "reading or writing JSON in the standard library",
        ("json/",),
        "Parse once and keep the result; or use a faster library, such as orjson or msgspec.",
    ),
    Habit(
        "logging",
        "logging",
        ("logging/",),
        "Guard it (`if logger.isEnabledFor(...)`), log less in the loop, or hand records to a "
        "`logging.handlers.QueueHandler`.",
    ),
    Habit(
        "stack-inspection",
        "walking and formatting stacks",
        ("inspect.py", "traceback.py", "linecache.py", "tokenize.py"),
        "Do not format tracebacks or call `inspect.stack()` on the hot path; `sys._getframe` "
        "with `f_code` is enough to know the caller.",
    ),
    Habit(
        "strptime",
        "parsing dates with `strptime`",
        ("_strptime.py",),
        "`datetime.fromisoformat` reads ISO dates many times faster.",
    ),
    Habit(
        "class-creation",
        "creating classes while running",
        ("collections/__init__.py", "dataclasses.py", "enum.py", "typing.py"),
        "Define the class once, at module level.",
        re.compile("namedtuple|_process_class|make_dataclass|EnumType.__new__|NamedTuple"),
    ),
    Habit(
        "tls-set-up",
        "setting up TLS: reading the certificates of all authorities anew",
        ("ssl.py",),
        "Keep one `ssl.SSLContext` and one session (such as `requests.Session`) for all requests.",
        re.compile(r"create_default_context|SSLContext\.(load|__new__|set_default)"),
    ),
    Habit(
        "pathlib",
        "making `pathlib` objects",
        ("pathlib.py", "pathlib/"),
        "In a hot loop use `os.scandir` and plain strings.",
    ),
    Habit(
        "pure-decimal",
        "decimal arithmetic in pure Python",
        ("_pydecimal.py",),
        "This Python lacks the C module `_decimal`: install a build that has it.",
    ),
)
"""Earlier rows win: a function belongs to the first habit it matches."""
