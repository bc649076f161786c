"""A program of many small ones: ``app.py CASE`` does one thing that a launcher may do wrongly."""

from __future__ import annotations

import sys


def state() -> None:
    import builtins

    values = {
        "argv": sys.argv,
        "orig_argv": sys.orig_argv,
        "path": sys.path,
        "flags": str(sys.flags),
        "executable": sys.executable,
        "prefixes": (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix),
        "dirs": (sys.platlibdir, sys._base_executable, sys._stdlib_dir),  # type: ignore[attr-defined]
        "xoptions": sys._xoptions,
        "warnoptions": sys.warnoptions,
        "main": sorted(vars(sys.modules["__main__"])),
        "file": __file__,
        "spec": __spec__,
        "loader": type(__loader__).__name__,
        "builtins": sorted(vars(builtins)),
        "printers": [repr(exit), repr(copyright), repr(license), repr(help)],
        "streams": [
            (each.name, each.encoding, each.errors, each.line_buffering, each.mode)
            for each in (sys.stdin, sys.stdout, sys.stderr)
        ],
        "file system": (sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()),
        "hooks": len(sys.path_hooks),
        "interactive": hasattr(sys, "__interactivehook__"),
    }
    for name, value in values.items():
        print(name, value)


def modules_of_the_start() -> None:
    for name in ("encodings", "encodings.utf_8", "codecs", "io", "abc", "_io", "site", "os"):
        module = __import__(name, fromlist=["x"])
        print(name, module.__spec__, [getattr(module, each, None) for each in ATTRIBUTES])
        print(module.__loader__, getattr(module.__spec__, "loader_state", None))


ATTRIBUTES = ("__file__", "__cached__", "__path__", "__package__")


def site_module() -> None:
    import site

    print(site.PREFIXES, site.ENABLE_USER_SITE, site.USER_SITE, site.USER_BASE)
    print(site.getsitepackages(), site.__file__, site.__spec__)


def dispositions() -> None:
    import signal

    for number in range(1, signal.NSIG):
        print(number, signal.getsignal(number))


def interrupted() -> None:
    import os
    import signal
    import time

    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(10)


def caught() -> None:
    try:
        interrupted()
    except KeyboardInterrupt:
        print("caught")


def interrupted_not() -> None:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGINT)
    print("still here")


def waiting() -> None:
    import time

    print("ready", flush=True)
    for _ in range(6000):
        time.sleep(0.01)


def terminated() -> None:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGTERM)


def exit_number() -> None:
    sys.exit(3)


def exit_large() -> None:
    sys.exit(259)


def exit_negative() -> None:
    sys.exit(-1)


def exit_huge() -> None:
    sys.exit(2**80)


def exit_true() -> None:
    sys.exit(True)


def exit_text() -> None:
    sys.exit("no way")


def exit_none() -> None:
    sys.exit()


def exit_tuple() -> None:
    raise SystemExit(1, "two")


def exit_at_once() -> None:
    import os

    os._exit(4)


def traceback_of_two() -> None:
    try:
        {}["key"]
    except KeyError as error:
        raise ValueError("unlucky") from error


def traceback_of_library() -> None:
    import json

    json.loads("{")


def bad_source() -> None:
    exec("1 +")


def own_hook() -> None:
    sys.excepthook = lambda *_: print("hooked")
    raise ValueError


def echo() -> None:
    print(sys.stdin.read().upper(), "äöü")
    print("done", file=sys.stderr)


def broken_pipe() -> None:
    import os

    reading, writing = os.pipe()
    os.close(reading)
    os.dup2(writing, 1)
    print("nobody reads this")


def unflushed() -> None:
    import os

    reading, writing = os.pipe()
    globals()["kept"] = open(writing, "w")  # noqa: SIM115, PTH123
    globals()["kept"].write("text")
    if os.fork() == 0:
        return
    globals()["kept"].detach()
    os.close(writing)
    os.wait()
    print(os.read(reading, 100))


class Noisy:
    def __init__(self, name: str) -> None:
        self.name = name

    def __del__(self) -> None:
        print("del", self.name)


def finalizers() -> None:
    globals()["kept"] = Noisy("global")
    cycle = [Noisy("in a cycle")]
    cycle.append(cycle)  # type: ignore[arg-type]


def callbacks() -> None:
    import atexit
    import weakref

    class Plain:
        pass

    globals()["kept"] = Plain()
    globals()["weak"] = weakref.ref(globals()["kept"], lambda _: print("gone"))
    atexit.register(print, "at exit")
    weakref.finalize(globals()["kept"], print, "finalized")


def exit_function_fails() -> None:
    import atexit

    atexit.register(lambda: 1 / 0)


def suspended() -> None:
    def generator():  # type: ignore[no-untyped-def]
        try:
            yield 1
        finally:
            print("closed")

    globals()["kept"] = generator()
    next(globals()["kept"])


def threads() -> None:
    import threading
    import time

    def late() -> None:
        threading.main_thread().join()
        print("late", __file__ if "__file__" in globals() else "no file")

    threading.Thread(target=late).start()
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()


def thread_fails() -> None:
    import threading

    threading.Thread(target=lambda: 1 / 0, name="failing").start()


def imports() -> None:
    import inspect
    import json
    from importlib import resources

    import neighbour

    print(neighbour.__file__, neighbour.answer(), neighbour.__name__)
    print(json.__file__, json.__spec__.cached, json.__path__, json.__package__)
    print(inspect.getsource(neighbour.answer))
    print(inspect.getsource(json.loads)[:60], inspect.getsource(state)[:12])
    print(resources.files("json").joinpath("tool.py").is_file())
    print(neighbour.__loader__.get_source("neighbour"))
    for each in (neighbour, json, json.decoder):
        spec = each.__spec__
        print([*vars(each)], [vars(each).get(name) for name in ATTRIBUTES])
        print(spec.name, spec.origin, spec.cached, spec.parent, spec.submodule_search_locations)
        print(spec.has_location, spec.loader_state, spec.loader is each.__loader__)


def names_of_no_module() -> None:
    import importlib.util

    for name in ("json\0", "json\udc80", "", "json.", "no\u0308n"):
        try:
            print(ascii(name), importlib.util.find_spec(name))
        except (ImportError, ValueError) as error:
            print(ascii(name), ascii(error))
        try:
            __import__(name)
        except (ImportError, ValueError) as error:
            print(ascii(name), ascii(error))


def shadowed() -> None:
    from pathlib import Path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        Path(folder, "neighbour.py").write_text("answer = 'another'")
        sys.path.insert(0, folder)
        import neighbour

        print(neighbour.answer)


def archive() -> None:
    import zipfile
    from pathlib import Path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        file = Path(folder, "a.zip")
        with zipfile.ZipFile(file, "w") as out:
            out.writestr("zipped.py", "text = __loader__.__class__.__name__")
        sys.path.insert(0, str(file))
        import zipped

        print(zipped.text)
    print([getattr(each, "__name__", each) for each in sys.path_hooks])


def subprocesses() -> None:
    import subprocess

    code = "import sys; print(sys.executable, sys.argv)"
    print(subprocess.run([sys.executable, "-c", code, "x"], stdout=-1).stdout)


def doubled(number: int) -> int:
    return 2 * number


def processes() -> None:
    import multiprocessing

    for way in ("fork", "spawn"):
        with multiprocessing.get_context(way).Pool(1) as pool:
            print(way, pool.map(doubled, [1, 2]))


def libraries() -> None:
    import asyncio
    import ctypes
    import decimal
    import pickle
    import sqlite3
    import ssl

    print(pickle.loads(pickle.dumps(doubled))(4), decimal.Decimal(2) ** 3)
    print(ssl.create_default_context().verify_mode, 2.0**0.5, 7.5 % 2)
    print(sqlite3.connect(":memory:").execute("select 1").fetchall())
    print(asyncio.run(asyncio.sleep(0, "slept")), ctypes.CDLL(None).abs(-3))


def library_of_mathematics() -> None:
    import ctypes

    print(bool(ctypes.CDLL(None).nextafter))  # pandas' extensions take it to be there


def last_words() -> None:
    import atexit
    import os

    atexit.register(os.write, 1, b"at exit\n")
    sys.stdout.write("said before\n")


def last_words_of_a_failure() -> None:
    last_words()
    raise LookupError("failed")


def full_disk() -> None:
    import os

    os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
    print("nobody will read this", flush=True)


def hashes() -> None:
    print(hash("text"), __debug__, sys.warnoptions, sys.flags.utf8_mode)


def spaces() -> None:
    namespace: dict[str, object] = {}
    exec("class A: pass", namespace)
    print(namespace["A"], __name__, __builtins__)  # type: ignore[name-defined]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        globals()[sys.argv[1]]()
