"""A program in a child of the warm server: put in its client's place, run, ended as by python."""

from __future__ import annotations

import atexit
import ctypes
import gc
import io
import linecache
import os
import resource
import runpy
import signal
import socket
import sys
import time
import weakref
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from importlib.machinery import BuiltinImporter, SourceFileLoader
from types import ModuleType, TracebackType
from typing import Any, NoReturn

from wadjet.compiler.bundle.warm.protocol import Declined, Kind, Request, receive, reply
from wadjet.target.behavior import ANNOTATIONS_IN_MAIN, CACHED_IN_MAIN, LINES_OF_COMMANDS

_LIMITS = {
    "cpu time": resource.RLIMIT_CPU,
    "file size": resource.RLIMIT_FSIZE,
    "data size": resource.RLIMIT_DATA,
    "stack size": resource.RLIMIT_STACK,
    "core file size": resource.RLIMIT_CORE,
    "resident set": resource.RLIMIT_RSS,
    "processes": resource.RLIMIT_NPROC,
    "open files": resource.RLIMIT_NOFILE,
    "locked memory": resource.RLIMIT_MEMLOCK,
    "address space": resource.RLIMIT_AS,
    "pending signals": resource.RLIMIT_SIGPENDING,
    "msgqueue size": resource.RLIMIT_MSGQUEUE,
    "nice priority": resource.RLIMIT_NICE,
    "realtime priority": resource.RLIMIT_RTPRIO,
    "realtime timeout": resource.RLIMIT_RTTIME,
}
_TELLING = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "GLIBC_TUNABLES", "LOCPATH")
_PARENT_DIES = 1  # PR_SET_PDEATHSIG
_LIBRARY = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Task:
    """What is run: ``-c``, ``-m`` or a script, the words from there on, a script's source."""

    kind: str
    words: tuple[str, ...]
    source: bytes = b""


@dataclass(frozen=True, slots=True)
class Before:
    """The server as it was before any program: what it was given, and what programs keep."""

    limits: str
    mask: str
    modules: frozenset[str]


def be(connection: socket.socket, client: int, before: Before) -> NoReturn:
    """Be the program that a client asks for, and end as it ends."""
    try:
        task = _become(connection, client, before)
    except Declined as error:
        reply(connection, Kind.DECLINED, 0, str(error))
        os._exit(0)
    except Exception as error:
        reply(connection, Kind.DECLINED, 0, f"the warm server fails ({error!r})")
        os._exit(0)
    code, interrupted = _run(task, before)
    if not _finish(before):
        sys.exit(code)  # the interpreter finds the streams as broken, and says so in its words
    if interrupted:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(code)


def _become(connection: socket.socket, client: int, before: Before) -> Task:
    """Take a client's place: files, folder, environment, signals, limits, mask."""
    os.closerange(0, 3)
    request = receive(connection)
    _LIBRARY.prctl(_PARENT_DIES, signal.SIGKILL)
    os.setsid()
    os.chdir(f"/proc/{client}/cwd")
    given = {os.fsdecode(key): os.fsdecode(value) for key, value in request.environment.items()}
    if telling(given) != telling(os.environ):
        raise Declined("")
    task = task_of([os.fsdecode(each) for each in request.arguments])
    connection.detach()
    os.closerange(3, 1 << 30)
    os.environ.clear()
    os.environ.update(given)
    _take_status(client, request, before)
    _take_limits(client, before)
    if "TZ" in given:
        time.tzset()
    _take_streams()
    _reseed()
    return task


def telling(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that tell an interpreter how to start."""
    return {key: value for key, value in environment.items() if key.startswith(_TELLING)}


def task_of(words: list[str]) -> Task:
    """Return what python's arguments ask for; raises Declined for all but a program.

    >>> task_of(["py", "-c", "pass", "x"])
    Task(kind='-c', words=('pass', 'x'), source=b'')
    """
    if len(words) > 2 and words[1] in ("-c", "-m"):
        return Task(words[1], tuple(words[2:]))
    if len(words) < 2 or words[1].startswith("-") or words[1].endswith(".pyc"):
        raise Declined("")
    try:
        source = _contents(words[1])
    except OSError:
        raise Declined("") from None
    if source.startswith(b"PK"):  # an archive
        raise Declined("")
    return Task("script", tuple(words[1:]), source)


def _contents(path: str) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(file, 1 << 20):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(file)


def _fact(path: str) -> str:
    """Return a file of /proc, in one read."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(file, 65536).decode("utf-8", "surrogateescape")
    finally:
        os.close(file)


def _take_status(client: int, request: Request, before: Before) -> None:
    """Have the file mode mask of a client, and ignore and block the signals that it does."""
    status = _status(str(client))
    for number in _numbers(int(status["SigIgn"], 16)):
        signal.signal(number, signal.SIG_IGN)
    if request.mask:
        signal.pthread_sigmask(signal.SIG_SETMASK, list(_numbers(request.mask)))
    if status["Umask"] != before.mask:
        os.umask(int(status["Umask"], 8))


def _status(process: str) -> dict[str, str]:
    lines = (each.partition(":") for each in _fact(f"/proc/{process}/status").splitlines())
    return {key: value.strip() for key, _, value in lines}


def _numbers(mask: int) -> Iterator[int]:
    valid = signal.valid_signals()
    return (each for each in range(1, 65) if mask >> each - 1 & 1 and each in valid)


def seen(modules: frozenset[str]) -> Before:
    """Return what this process was given, with the modules that programs keep."""
    return Before(_fact("/proc/self/limits"), _status("self")["Umask"], modules)


def _take_limits(client: int, before: Before) -> None:
    """Have the limits of a client, where they are others than the server's."""
    text = _fact(f"/proc/{client}/limits")
    if text == before.limits:
        return
    for line, own in zip(text.splitlines()[1:], before.limits.splitlines()[1:], strict=True):
        name = line[:26].removeprefix("Max ").strip()
        if line != own and name in _LIMITS:
            soft, hard = (
                resource.RLIM_INFINITY if each == "unlimited" else int(each)
                for each in line[26:].split()[:2]
            )
            resource.setrlimit(_LIMITS[name], (soft, hard))


def _take_streams() -> None:
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        made = stream(number, mode, getattr(sys, name))
        setattr(sys, name, made)
        setattr(sys, f"__{name}__", made)


def stream(number: int, mode: str, old: Any) -> Any:
    """Return a standard stream as the interpreter makes it, with the encoding of another.

    The server's own were made over pipes: over a pipe there is no difference.
    """
    if os.fstat(number).st_mode & 0o170000 == 0o010000:
        return old
    return new_stream(number, mode, old)


def new_stream(number: int, mode: str, old: Any) -> Any:
    """Return a standard stream, made anew, with the name and encoding of another."""
    buffer = open(number, f"{mode}b", -1, closefd=False)  # noqa: SIM115
    buffer.raw.name = old.name  # type: ignore[attr-defined]
    shown = number == 2 or buffer.isatty()
    made: Any = io.TextIOWrapper(
        buffer, old.encoding, old.errors, newline="\n", line_buffering=shown
    )
    made.mode = mode
    return made


def _reseed() -> None:
    """Give each program chances of its own; ``random`` and OpenSSL see to it themselves."""
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        numpy.seed()


def _main_module() -> dict[str, Any]:
    """Put a new ``__main__`` in place, and return its names."""
    made = ModuleType("__main__")
    sys.modules["__main__"] = made
    names = vars(made)
    names["__loader__"] = BuiltinImporter
    names["__builtins__"] = sys.modules["builtins"]
    if ANNOTATIONS_IN_MAIN:
        names["__annotations__"] = {}
    return names


def _run(task: Task, before: Before) -> tuple[int, bool]:
    """Run a program; return its exit code, and whether an interrupt ended it."""
    for name in set(sys.modules) - before.modules:
        del sys.modules[name]
    names = _main_module()
    try:
        _execute(task, names)
    except SystemExit as error:
        return _asked(error.code), False
    except BaseException as error:
        _show(error, _below(error.__traceback__))
        code, interrupted = 1, type(error) is KeyboardInterrupt
    else:
        code, interrupted = 0, False
    if task.kind == "script":
        for name in ("__file__", "__cached__"):
            names.pop(name, None)
    return code, interrupted


def _execute(task: Task, names: dict[str, Any]) -> None:
    first = task.words[0]
    if task.kind == "script":
        file = first if os.path.isabs(first) else f"{os.getcwd()}/{first}"  # noqa: PTH109, PTH117
        _enter(task.words, task.words, os.path.dirname(os.path.realpath(first)))  # noqa: PTH120
        names["__file__"], names["__loader__"] = file, SourceFileLoader("__main__", file)
        if CACHED_IN_MAIN:
            names["__cached__"] = None
        try:
            exec(compile(task.source, file, "exec", dont_inherit=True), names)
        finally:
            _flush()  # as the interpreter does after a file, before anything is called at exit
    elif task.kind == "-c":
        _enter(("-c", *task.words[1:]), ("-c", *task.words), "")
        code = compile(first, "<string>", "exec", dont_inherit=True)
        if LINES_OF_COMMANDS:
            linecache._register_code(code, first, "<string>")  # type: ignore[attr-defined]
        exec(code, names)
    else:
        _enter(("-m", *task.words[1:]), ("-m", *task.words), os.getcwd())  # noqa: PTH109
        runpy._run_module_as_main(first)  # type: ignore[attr-defined]


def _enter(words: tuple[str, ...], all_words: tuple[str, ...], folder: str) -> None:
    sys.argv = list(words)
    sys.orig_argv = [sys.executable, *all_words]
    sys.path.insert(0, folder)


def _below(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the frames of this file."""
    while traceback and traceback.tb_frame.f_globals is globals():
        traceback = traceback.tb_next
    return traceback


def _show(error: BaseException, traceback: TracebackType | None) -> None:
    error.__traceback__ = traceback
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, traceback
    sys.excepthook(type(error), error, traceback)


def _asked(code: object) -> int:
    """Return the exit code that SystemExit asks for; text is printed."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF if -(2**63) <= code < 2**63 else 0xFF
    print(code, file=sys.stderr)
    return 1


def _finish(before: Before) -> bool:
    """End as the interpreter does, but for taking apart what the server had before.

    Returns False where a stream cannot be flushed.
    """
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    atexit._run_exitfuncs()
    if not _flush():
        return False
    gc.collect()
    living = [
        weakref.ref(sys.modules.pop(name))
        for name in ["__main__", *(set(sys.modules) - before.modules)]
        if isinstance(sys.modules.get(name), ModuleType)
    ]
    gc.collect()
    for each in living:
        module = each()
        if module is not None:
            _clear(vars(module))
    gc.collect()
    return _flush()


def _clear(names: MutableMapping[str, Any]) -> None:
    """Empty a module as the interpreter does: first the names with one underscore."""
    for private in (True, False):
        for name in list(names):
            if name != "__builtins__" and (name[:1] == "_" != name[1:2]) is private:
                names[name] = None


def _flush() -> bool:
    flushed = True
    for each in (sys.stdout, sys.stderr):
        try:
            if each is not None and not each.closed:
                each.flush()
        except Exception:
            flushed = False
    return flushed
