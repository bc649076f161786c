"""``python -m wadjet.deferred LIST PROGRAM``: imports of a reviewed list wait until they are used.

``wadjet lazy RECORDING --hook`` writes the list, and proves it. ``install`` does the same in a
program of one's own; ``import wadjet.deferred`` with ``WADJET_LAZY`` in the environment, too.

This file is paid for by every start that it makes shorter: it imports what each Python has
imported already, and what a list means is kept, compiled, in a ``__pycache__`` beside it.
"""

from __future__ import annotations

import marshal
import os
import sys
from _frozen_importlib import _call_with_frames_removed  # type: ignore[attr-defined]
from _frozen_importlib_external import MAGIC_NUMBER, SourceFileLoader
from _imp import source_hash
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, ModuleType
    from typing import Any

HEAD = b"wadjet imports 1" + MAGIC_NUMBER
"""What begins a file of compiled modules: of this form, by this Python."""

LIST, TOLD = "WADJET_LAZY", "WADJET_LAZY_TOLD"
"""Variables: the list for ``import wadjet.deferred``, and where to tell of what was loaded."""

_KEY = int.from_bytes(MAGIC_NUMBER, "little")
_MACHINERY = "<frozen importlib._bootstrap>"
"""Frames in this file are left out of tracebacks by the interpreter, next to its own."""

_stock: Any = SourceFileLoader.exec_module


def _hidden(function: Callable[..., Any]) -> Callable[..., Any]:
    function.__code__ = function.__code__.replace(co_filename=_MACHINERY)
    return function


class Waiting(dict[str, "CodeType"]):
    """The imports of a module that nobody has used yet: names, and their statements' code."""

    __slots__ = ("busy", "home")

    def __init__(self, home: dict[str, Any], statements: dict[str, CodeType]) -> None:
        super().__init__(statements)
        self.home = home
        self.busy: set[tuple[str, int]] = set()

    def load(self, name: str) -> Any:
        """Import what a name stands for, and return it; raises what the import raises.

        Two threads may do so at once: the import system lets one of them wait, and both bind
        the same. What somebody has bound meanwhile stays.
        """
        code = self.get(name)
        if code is not None and name not in self.home:
            turn = name, get_ident()
            self.busy.add(turn)
            try:
                exec(code, self.home)
            finally:
                self.busy.discard(turn)
        self.pop(name, None)
        return self.home[name]

    def has(self, name: str) -> bool:
        """Whether a name waits, and is not being imported by this very thread."""
        return name in self and (name, get_ident()) not in self.busy


class Deferral:
    """A list at work."""

    def __init__(self, path: str, script: str) -> None:
        self.kept = kept_at(path)
        self.rows = _rows(self.kept, stamp(path))
        if self.rows is None:
            _compile(path, script)
            self.rows = _rows(self.kept, stamp(path)) or {}
        self.promised: dict[str, dict[str, tuple[Waiting, str]]] = {}
        self.waiting: dict[str, Waiting] = {}

    @_hidden
    def exec_module(self, loader: Any, module: ModuleType) -> None:
        """Run a module, without the imports that are to wait."""
        name = module.__name__
        found = self.found(name, loader.path) if type(loader) is SourceFileLoader else None
        if found is None:
            _stock(loader, module)
        else:
            self.run(module.__dict__, found, name)
        if name in self.promised:
            self._watch(module, name)

    @_hidden
    def run(self, home: dict[str, Any], found: Any, name: str) -> None:
        """Run a module's code in a dictionary, where names can wait."""
        code, statements, children = found
        if statements:
            home["_wadjet"] = waiting = self.waiting[name] = Waiting(home, statements)
            self._promise(waiting, children)
            first = home["__getattr__"] = _asking(home, waiting, {}, None)
        _call_with_frames_removed(exec, code, home)
        if statements:
            own = home.get("__getattr__")
            if own is not first:
                home["__getattr__"] = _asking(home, waiting, {}, own)
            home.setdefault("__dir__", lambda: _names(home, waiting))

    def found(self, name: str, path: str) -> Any:
        """Return a listed module's code, statements and promises; None where it is not listed.

        None too, and a line for people, where its source is not what was proved.
        """
        row = self.rows.get(name)
        if row is None:
            return None
        place, modified, source, made = row
        if place != path or not _is_source(path, modified, source):
            print(
                f"wadjet: {name} is not what its list was proved for: its imports do not wait "
                "(run `wadjet lazy` again)",
                file=sys.stderr,
            )
            return None
        return marshal.loads(made)

    def _promise(self, waiting: Waiting, children: dict[str, str]) -> None:
        """Note which submodules an import would have bound in their packages."""
        for child, name in children.items():
            package, _, last = child.rpartition(".")
            if package:
                known = package in self.promised
                self.promised.setdefault(package, {})[last] = waiting, name
                module = sys.modules.get(package)
                if module is not None and not known and not _is_being_made(module):
                    self._watch(module, package)

    def _watch(self, module: ModuleType, name: str) -> None:
        """Let a package find the submodules that an import would have bound in it by now."""
        home = module.__dict__
        own = home.get("__getattr__")
        waiting = self.waiting.get(name) or Waiting(home, {})
        home["__getattr__"] = _asking(home, waiting, self.promised[name], own)


def _asking(
    home: dict[str, Any],
    waiting: Waiting,
    promised: dict[str, tuple[Waiting, str]],
    own: Callable[[str], Any] | None,
) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a module: what waits in it, what was promised, its own."""

    def __getattr__(name: str) -> Any:  # noqa: N807
        if waiting.has(name):
            return waiting.load(name)
        if name in promised:
            other, bound = promised[name]
            if other.has(bound):
                other.load(bound)
            if name in home:
                return home[name]
        if own is not None:
            return own(name)
        raise AttributeError(f"module {home['__name__']!r} has no attribute {name!r}")

    return __getattr__


def _is_being_made(module: ModuleType) -> bool:
    return getattr(module.__spec__, "_initializing", False)


def _names(home: dict[str, Any], waiting: Waiting) -> list[str]:
    """Return the names of a module as though nothing waited."""
    return sorted({*home, *waiting} - {"_wadjet", "__dir__", "__getattr__"})


def stamp(path: str) -> tuple[int, int]:
    """Return what tells that a file is as it was: ns, bytes."""
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size


def _is_source(path: str, modified: tuple[int, int], source: bytes) -> bool:
    """Whether a file is what was compiled, though perhaps written anew."""
    try:
        if stamp(path) == modified:
            return True
        with open(path, "rb") as file:
            return source_hash(_KEY, file.read()) == source
    except OSError:
        return False


def kept_at(path: str) -> str:
    """Return where the compiled form of a list is kept."""
    folder, name = os.path.split(os.path.abspath(path))
    level = f".opt-{sys.flags.optimize}" if sys.flags.optimize else ""
    return os.path.join(
        folder, "__pycache__", f"{name}.{sys.implementation.cache_tag}{level}.lazyc"
    )


def _rows(path: str, listed: tuple[int, int]) -> Any:
    """Return the modules of a list, None where it is not compiled, or for another Python."""
    try:
        with open(path, "rb", 0) as file:
            head, data = file.read(len(HEAD)), file.readall()
        when, rows = marshal.loads(data) if head == HEAD else (None, None)
    except (OSError, EOFError, ValueError, TypeError):
        return None
    return rows if when == listed else None


def _compile(path: str, script: str) -> None:
    """Have a list compiled by another process: this one is to load what its program loads."""
    program = "from wadjet.compiler.bundle.listing import main; main()"
    scripts = [script, *(each for each in sys.orig_argv[1:] if each.endswith(".py"))]
    folders = [os.path.dirname(os.path.realpath(each)) for each in scripts if each]
    words = [sys.executable, *["-O"] * sys.flags.optimize, "-c", program, path, script]
    words += [*sys.path, *folders, os.getcwd()]  # where `site` imports us, the first is not there
    variables = {name: value for name, value in os.environ.items() if name not in (LIST, TOLD)}
    os.waitpid(os.posix_spawn(sys.executable, words, variables), 0)


def install(path: str, script: str = "") -> Deferral:
    """Let the imports of a list wait, in whatever is imported from now on.

    ``script`` is the file of ``__main__``, where that is to run by it too. Raises
    FileNotFoundError where there is no list.
    """
    deferral = Deferral(path, script)

    @_hidden
    def exec_module(loader: Any, module: ModuleType) -> None:
        deferral.exec_module(loader, module)

    SourceFileLoader.exec_module = exec_module  # type: ignore[method-assign]
    told = os.environ.get(TOLD)
    if told:
        import atexit

        atexit.register(_tell, told)
    return deferral


def undo() -> None:
    """Import as before; what waits goes on to wait."""
    SourceFileLoader.exec_module = _stock  # type: ignore[method-assign]


def _tell(path: str) -> None:
    """Write down which modules are loaded, for whoever proves a list."""
    with open(path, "ab", 0) as file:
        file.write("".join(f"{name}\n" for name in list(sys.modules)).encode())


def main() -> None:
    """Run a program as ``python`` would, with a list at work."""
    path, *words = sys.argv[1:] or [""]
    if not path or not words or (words[0] in ("-m", "-c") and len(words) < 2):
        print(
            "use: python -m wadjet.deferred LIST (SCRIPT | -m MODULE | -c CODE) [ARGUMENT ...]",
            file=sys.stderr,
        )
        sys.exit(64)
    home = sys.modules["__main__"].__dict__
    for name in list(home):
        if name not in ("__name__", "__builtins__", "__doc__"):
            del home[name]
    if words[0] == "-m":
        _run_module(path, home, words[1:])
    elif words[0] == "-c":
        sys.argv[:] = ["-c", *words[2:]]
        sys.path[0] = ""
        install(path).run(home, (compile(words[1], "<string>", "exec"), {}, {}), "__main__")
    else:
        _run_script(path, home, words)


def _run_module(path: str, home: dict[str, Any], words: list[str]) -> None:
    import runpy

    sys.argv[:] = ["-m", *words[1:]]
    deferral = install(path)
    try:
        _, spec, code = runpy._get_module_details(  # type: ignore[attr-defined]  # noqa: SLF001
            words[0], ImportError
        )
    except ImportError as error:
        sys.exit(f"{sys.executable}: {error}")
    place = sys.argv[0] = spec.origin
    home |= {
        "__cached__": spec.cached,
        "__file__": place,
        "__loader__": spec.loader,
        "__package__": spec.parent,
        "__spec__": spec,
    }
    deferral.run(home, deferral.found(spec.name, place) or (code, {}, {}), spec.name)


def _run_script(path: str, home: dict[str, Any], words: list[str]) -> None:
    place = os.path.abspath(words[0])
    sys.argv[:] = words
    sys.path[0] = os.path.dirname(os.path.realpath(place))
    deferral = install(path, place)
    home |= {
        "__cached__": None,
        "__file__": place,
        "__loader__": SourceFileLoader("__main__", place),
        "__package__": None,
        "__spec__": None,
    }
    found = deferral.found("__main__", place)
    if found is None:
        with open(place, "rb") as file:
            found = compile(file.read(), place, "exec"), {}, {}
    try:
        deferral.run(home, found, "__main__")
    finally:
        _flush()


def _flush() -> None:
    """Write what the streams hold, as the interpreter does after a file."""
    for each in (sys.stderr, sys.stdout):
        try:
            each.flush()
        except Exception:  # told of at the end, by whoever flushes then
            continue


if __name__ == "__main__":
    from wadjet.deferred import main as _main

    _main()
elif os.environ.get(LIST):
    install(os.environ[LIST])
