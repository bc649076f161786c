"""What a program can ask of the process it is in, and how it can end.

``run(["threads", "exit_code"])`` asks within the application, in turn. Each answer is printed, and
is the same from run to run, but for ``fresh``, whose answers may never be the same twice.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence

# All else is imported by the probe that needs it: the application's own imports are the point.


def run(words: Sequence[str]) -> int:
    """Ask the probes named before ``--``; what follows is for the probe of arguments."""
    names = words[: words.index("--")] if "--" in words else words
    for name in names:
        print(f"[{name}]", flush=True)
        PROBES[name]()
    return 0


def arguments() -> None:
    print(ascii(sys.argv[1:]))


def environment() -> None:
    import subprocess

    print(ascii({key: os.environ[key] for key in sorted(os.environ) if key.startswith("PROBE")}))
    os.environ["PROBE_SET"] = "by the program"
    os.environ.pop("PROBE_TAKEN", None)
    subprocess.run(["/usr/bin/env", "sh", "-c", "env | grep -a ^PROBE | sort"], check=True)


def directory() -> None:
    from pathlib import Path

    print(Path.cwd(), Path("probe.txt").read_text())


def interpreter() -> None:
    print(sys.executable, sys.prefix, sys.base_prefix, sys.version)
    print(sys.path)
    print(sys.flags)
    print(sys.getswitchinterval(), sys.getrecursionlimit(), sys.dont_write_bytecode)


def main_module() -> None:
    main = sys.modules["__main__"]
    print(main.__name__, main.__file__, main.__doc__, main.__package__)


def streams() -> None:
    for each in (sys.stdin, sys.stdout, sys.stderr):
        print(each.name, each.encoding, each.errors, each.isatty(), each.fileno())
    print(sys.stdout.line_buffering, sys.stderr.line_buffering, sys.stdout.mode)
    print("to stderr", file=sys.stderr)
    print("\N{SNOWMAN}")


def culture() -> None:
    import locale

    print(locale.setlocale(locale.LC_ALL), locale.getlocale(), locale.getpreferredencoding())
    print(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
    print(locale.setlocale(locale.LC_ALL, ""), locale.localeconv()["decimal_point"])


def clock() -> None:
    print(time.tzname, time.timezone, time.localtime(0)[:6])
    print(abs(time.time() - time.clock_gettime(time.CLOCK_REALTIME)) < 5)
    before = time.monotonic()
    time.sleep(0.001)
    print(time.monotonic() > before, time.perf_counter() > 0, time.process_time() < 60)


def resources() -> None:
    import importlib.metadata
    import importlib.resources
    import pkgutil

    root = importlib.resources.files("certifi") / "cacert.pem"
    print(len(root.read_bytes()), len(pkgutil.get_data("rich", "py.typed") or b""))
    print(importlib.metadata.version("requests"), importlib.metadata.requires("pytest"))
    print(sorted(each.name for each in importlib.metadata.entry_points(group="console_scripts")))


def source() -> None:
    import inspect
    import json

    print(inspect.getsource(run), len(inspect.getsource(json)), json.__file__)


def threads() -> None:
    import queue
    import threading
    from concurrent.futures import ThreadPoolExecutor

    print(threading.current_thread().name, threading.active_count())
    answers: queue.Queue[int] = queue.Queue()
    local = threading.local()

    def work(number: int) -> None:
        local.number = number
        time.sleep(0.001)
        answers.put(local.number**2)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    print(sorted(answers.get() for _ in workers))
    with ThreadPoolExecutor(4) as pool:
        print(list(pool.map(len, ["a", "bb", "ccc"])))


def subprocesses() -> None:
    import subprocess

    inner = [sys.executable, "-c", "import sys; print(sys.stdin.read().upper()); sys.exit(3)"]
    done = subprocess.run(inner, input="to a child", text=True, capture_output=True, check=False)
    print(done)
    print(os.waitstatus_to_exitcode(os.system("exit 5")), os.popen("echo from a shell").read())
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        sleeper.terminate()
    print(sleeper.returncode)


def forks() -> None:
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, str(os.getppid() != os.getpid()).encode())
        os._exit(4)
    print(os.read(read, 100), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def cryptography() -> None:
    import hashlib
    import ssl

    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    print(ssl.OPENSSL_VERSION, context.cert_store_stats(), context.verify_mode)
    print(
        len(context.get_ciphers()), hashlib.sha256(b"a").hexdigest(), hashlib.md5(b"a").hexdigest()
    )
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    talk = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        talk.do_handshake()
    except ssl.SSLWantReadError:
        print("hello of", outgoing.pending > 100)


def algebra() -> None:
    import numpy as np

    square = np.arange(90_000.0).reshape(300, 300) % 7
    print(float((square @ square).sum()), float(np.linalg.norm(square)))
    print(np.linalg.solve(np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([3.0, 5.0])))


def temporary() -> None:
    import tempfile
    from pathlib import Path

    print(tempfile.gettempdir())
    with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
        file.write(b"kept")
        print(Path(file.name).parent, Path(folder).parent, oct(Path(file.name).stat().st_mode))


def loops() -> None:
    import asyncio

    async def child() -> int:
        process = await asyncio.create_subprocess_exec("/bin/sh", "-c", "exit 6")
        return await process.wait()

    async def all_of_it() -> list[int]:
        return list(await asyncio.gather(child(), asyncio.to_thread(len, "four"), child()))

    print(asyncio.run(all_of_it()))


def sockets() -> None:
    import socket

    one, other = socket.socketpair()
    one.sendall(b"over a socket")
    print(other.recv(100), socket.gethostbyname("localhost"))
    one.close()
    other.close()


def databases() -> None:
    import sqlite3

    with sqlite3.connect(":memory:") as base:
        print(base.execute("select upper('a'), 6 * 7, sqlite_version()").fetchall())


def foreign() -> None:
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    print(library.abs(-5), library.getpid() == os.getpid(), ctypes.sizeof(ctypes.c_long))
    library.close(-1)
    print(ctypes.get_errno())


def recursion() -> None:
    def deeper() -> None:
        deeper()

    try:
        deeper()
    except RecursionError as error:
        print(error)


def warned() -> None:
    import logging
    import warnings

    warnings.warn("this is shown once", UserWarning, stacklevel=1)
    logging.getLogger("probe").warning("logged %s", "so")


def limits() -> None:
    import resource
    import signal

    print(resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_CORE))
    mask = os.umask(0)
    os.umask(mask)
    print(oct(mask), os.getpriority(os.PRIO_PROCESS, 0), os.getuid(), os.getgid())
    kept = (each for each in signal.Signals if signal.getsignal(each) is not signal.SIG_DFL)
    print([(each.name, str(signal.getsignal(each))) for each in kept])
    print(signal.pthread_sigmask(signal.SIG_BLOCK, ()))


def descriptors() -> None:
    with os.scandir("/proc/self/fd") as entries:  # is one itself
        print(sorted(int(each.name) for each in entries)[:-1])


def inherited() -> None:
    print(os.read(int(os.environ["PROBE_DESCRIPTOR"]), 100))


def collector() -> None:
    import gc
    import weakref

    class Ring:
        pass

    ring = Ring()
    ring.itself = ring  # type: ignore[attr-defined]
    gone = weakref.ref(ring)
    del ring
    gc.collect()
    print(gc.isenabled(), gc.get_threshold(), gone())


def timers() -> None:
    import signal

    heard: list[str] = []
    signal.signal(signal.SIGALRM, lambda number, frame: heard.append(signal.Signals(number).name))
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    while not heard:
        time.sleep(0.005)
    print(heard)


def pickles() -> None:
    import copy
    import dataclasses
    import pickle

    made = dataclasses.make_dataclass("made", [("item", str)])
    globals()["made"] = made
    made.__module__ = __name__
    print(pickle.loads(pickle.dumps(made("lamp"))), copy.deepcopy(made("chair")))


def imports() -> None:
    import wave  # what no application has imported
    import xml.dom.minidom

    print(wave.__name__, xml.dom.minidom.parseString("<a/>").toxml())
    try:
        __import__("no_such_module")
    except ModuleNotFoundError as error:
        print(error)


def fresh() -> None:
    import random
    import secrets
    import tempfile
    import uuid

    print("random", random.random(), random.Random().random(), random.SystemRandom().random())
    print("secrets", secrets.token_hex(), os.urandom(8).hex())
    print("uuid", uuid.uuid4(), uuid.uuid1())
    print("names", tempfile.mktemp(prefix="", dir=""))
    if "numpy" in sys.modules:
        import numpy as np

        print("numpy", np.random.random(), np.random.default_rng().random())
    print("process", os.getpid())


def pool() -> None:
    import multiprocessing

    for way in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(way).Pool(2) as workers:
            print(way, workers.map(abs, [-1, 2, -3]))


# How a program ends.


def exit_code() -> None:
    sys.exit(7)


def exit_message() -> None:
    sys.exit("said at the end")


def fault() -> None:
    try:
        int("nothing")
    except ValueError as error:
        raise RuntimeError("a fault on purpose") from error


def group() -> None:
    raise ExceptionGroup("several", [ValueError("one"), TypeError("two")])


def syntax() -> None:
    compile("a = = b", "made.py", "exec")


def thread_fault() -> None:
    import threading

    each = threading.Thread(target=fault, name="worker")
    each.start()
    each.join()


def last_words() -> None:
    import atexit

    class Late:
        def __del__(self) -> None:
            os.write(1, b"finalized\n")

    late = Late()
    atexit.register(print, "registered first")
    atexit.register(print, "registered last")
    atexit.register(lambda kept: None, late)
    print("not flushed", end="")


def abort() -> None:
    os.abort()


def killed() -> None:
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


def at_once() -> None:
    print("flushed", flush=True)
    print("lost")
    os._exit(9)


def much() -> None:
    for number in range(20_000):
        print(f"line {number} of a long text that fills pipes")


def read_all() -> None:
    print(sys.stdin.read().upper())


def read_lines() -> None:
    print(input("a question? "), sys.stdin.readline().strip(), len(sys.stdin.buffer.read()))


def wait() -> None:
    """Say that we wait, and wait for a signal."""
    print("waiting", flush=True)
    time.sleep(30)


def handle() -> None:
    import signal

    def heard(number: int, frame: object) -> None:
        print("heard", signal.Signals(number).name)
        sys.exit(11)

    signal.signal(signal.SIGTERM, heard)
    signal.signal(signal.SIGUSR1, heard)
    wait()


def catch() -> None:
    try:
        wait()
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(12)


def terminal() -> None:
    print(sys.stdin.isatty(), sys.stdout.isatty(), os.get_terminal_size())
    print(os.tcgetpgrp(0) == os.getpgrp(), os.ttyname(0) == os.ttyname(1))
    print(input("a question? "))


QUIET: tuple[Callable[[], None], ...] = (
    arguments,
    environment,
    directory,
    interpreter,
    main_module,
    streams,
    culture,
    clock,
    resources,
    source,
    threads,
    subprocesses,
    forks,
    cryptography,
    algebra,
    temporary,
    loops,
    sockets,
    databases,
    foreign,
    recursion,
    warned,
    limits,
    descriptors,
    collector,
    timers,
    pickles,
    imports,
)
"""Those that leave the process as it was, near enough to ask all of them in one."""
LOUD: tuple[Callable[[], None], ...] = (
    abort,
    at_once,
    catch,
    exit_code,
    exit_message,
    fault,
    fresh,
    group,
    handle,
    inherited,
    killed,
    last_words,
    much,
    pool,
    read_all,
    read_lines,
    syntax,
    terminal,
    thread_fault,
    wait,
)
PROBES = {each.__name__: each for each in (*QUIET, *LOUD)}
