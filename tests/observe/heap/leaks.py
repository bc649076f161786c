"""Programs with a leak, and the same without: what holds a Treasure that should be gone.

Each leak is made ``variant`` ways and returns what to keep alive meanwhile; ``holder`` is
what the way to the Treasure has to name.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import functools
import importlib.util
import logging
import sys
import threading
import weakref
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from ctypes import c_byte, cast, py_object, pythonapi
from dataclasses import dataclass
from typing import Any


class Treasure(bytearray):
    """What leaks."""

    def __init__(self) -> None:
        super().__init__(1000)

    __hash__ = object.__hash__  # type: ignore[assignment]


CACHE: dict[Any, Any] = {}
ORDERED: OrderedDict[Any, Any] = OrderedDict()
LISTED: list[Any] = []
GROUPED: defaultdict[Any, list[Any]] = defaultdict(list)
RECENT: deque[Any] = deque()
LOCAL = threading.local()
CURRENT: contextvars.ContextVar[Any] = contextvars.ContextVar("current")
LOGGER = logging.getLogger("leaks")


class Registry:
    """Has an attribute of the class that gathers."""

    members: list[Any] = []  # noqa: RUF012 - the leak
    by_name: dict[str, Any] = {}  # noqa: RUF012
    __slots__ = ("kept",)


@dataclass
class Leak:
    """A kind of leak in one of its variants."""

    kind: str
    variant: int
    make: Callable[[Treasure | None], object]
    holder: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.variant}"


def _closures(variant: int) -> Callable[[Treasure | None], object]:
    def make(treasure: Treasure | None) -> object:
        def first() -> object:
            return treasure

        def second(given: object = treasure) -> object:
            return given

        class Caller:
            def __call__(self) -> object:
                return treasure

        def later() -> Any:
            yield treasure

        waiting = later()
        next(waiting)
        made: list[Any] = [first, second, Caller(), waiting, functools.partial(print, treasure)]
        LISTED.append(made[variant])
        return None

    return make


def _tracebacks(variant: int) -> Callable[[Treasure | None], object]:
    def fail(treasure: Treasure | None, depth: int) -> None:
        if depth:
            fail(treasure, depth - 1)
        raise (ValueError, KeyError, OSError, RuntimeError, AttributeError)[variant]("failed")

    def make(treasure: Treasure | None) -> object:
        try:
            fail(treasure, variant)
        except Exception as error:
            CACHE["error"] = error
        return None

    return make


def _tasks(variant: int) -> Callable[[Treasure | None], object]:
    async def wait(treasure: Treasure | None, gate: asyncio.Event) -> None:
        await gate.wait()
        print(treasure)

    async def nested(treasure: Treasure | None, gate: asyncio.Event) -> None:
        await wait(treasure, gate)

    def make(treasure: Treasure | None) -> object:
        loop = asyncio.new_event_loop()
        gate = asyncio.Event()
        task = loop.create_task((wait, nested)[variant % 2](treasure, gate))
        loop.call_soon(loop.stop)
        loop.run_forever()
        CACHE["loop"] = (loop, task, gate)
        return None

    return make


def _forget_task() -> None:
    loop, task, _ = CACHE["loop"]
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()


class Finalized:
    """In a cycle, with a finalizer."""

    def __init__(self, treasure: Treasure | None) -> None:
        self.treasure = treasure
        self.me = self

    def __del__(self) -> None:
        pass


class Methods:
    """Has cached methods."""

    def __init__(self, treasure: Treasure | None) -> None:
        self.treasure = treasure

    @functools.lru_cache(maxsize=None)  # noqa: B019, UP033 - the leak
    def cached(self) -> int:
        return 1

    @functools.cache  # noqa: B019
    def unbounded(self) -> int:
        return 2

    @functools.lru_cache(maxsize=8)  # noqa: B019
    def few(self, number: int) -> int:
        return number


@functools.cache
def made_for(number: int) -> object:
    return HANDED.pop()


HANDED: list[Any] = []


def _cached(variant: int) -> Callable[[Treasure | None], object]:
    def make(treasure: Treasure | None) -> object:
        if variant == 3:
            HANDED.append(treasure)
            made_for(1)
        elif variant == 4:
            HANDED.append([treasure])
            made_for(2)
        else:
            thing = Methods(treasure)
            (thing.cached, thing.unbounded, functools.partial(thing.few, 1))[variant]()
        return None

    return make


class Handler(logging.Handler):
    """Keeps what it was given."""

    def __init__(self, treasure: Treasure | None) -> None:
        super().__init__()
        self.kept = treasure

    def emit(self, record: logging.LogRecord) -> None:
        pass


def _handlers(variant: int) -> Callable[[Treasure | None], object]:
    def make(treasure: Treasure | None) -> object:
        if variant == 0:
            LOGGER.addHandler(Handler(treasure))
        elif variant == 1:
            handler = logging.NullHandler()
            handler.addFilter(lambda record: treasure is not None)
            LOGGER.addHandler(handler)
        elif variant == 2:
            atexit.register(print, treasure)
        elif variant == 3:
            sys.modules["leaks_treasure"] = treasure  # type: ignore[assignment]
        else:
            LISTED.append(weakref.ref(LISTED_KEY, _forget(treasure)))
        return None

    return make


def _forget(kept: object) -> Callable[[Any], None]:
    def gone(_: object) -> None:
        print(kept)

    return gone


class _Key:
    pass


LISTED_KEY = _Key()


def _containers(variant: int, treasure: Treasure | None) -> None:
    if variant == 0:
        CACHE["key"] = treasure
    elif variant == 1:
        ORDERED[1] = treasure
    elif variant == 2:
        GROUPED["group"].append(treasure)
    elif variant == 3:
        RECENT.append(treasure)
    else:
        CACHE[("a", treasure)] = 1


def _registries(variant: int, treasure: Treasure | None) -> None:
    if variant == 0:
        Registry.members.append(treasure)
    elif variant == 1:
        Registry.by_name["it"] = treasure
    elif variant == 2:
        Registry.extra = treasure  # type: ignore[attr-defined]
    elif variant == 3:
        kept = Registry()
        kept.kept = treasure  # type: ignore[attr-defined]
        LISTED.append(kept)
    else:
        Registry.members.append({"deep": [{"deeper": (treasure,)}]})


def _contexts(variant: int, treasure: Treasure | None) -> object:
    if variant == 0:
        CURRENT.set(treasure)
    elif variant == 1:
        LOCAL.treasure = treasure
    elif variant == 2:
        context = contextvars.copy_context()
        context.run(CURRENT.set, treasure)
        LISTED.append(context)
    elif variant == 3:
        LOCAL.many = [treasure]
    else:
        CURRENT.set([treasure])
    return None


def _threads(variant: int, treasure: Treasure | None) -> object:
    ready, gate = threading.Event(), threading.Event()

    handed = [treasure]
    del treasure

    def first() -> None:
        mine = handed.pop()
        ready.set()
        gate.wait()
        del mine

    def second() -> None:
        mine = {"it": [handed.pop()]}
        ready.set()
        gate.wait()
        del mine

    def third() -> None:
        for mine in [handed.pop()]:
            ready.set()
            gate.wait()
            del mine

    def fourth(*given: Any) -> None:
        ready.set()
        gate.wait()
        del given

    def fifth() -> None:
        mine = handed.pop()

        def deeper() -> object:
            ready.set()
            gate.wait()
            return mine

        deeper()

    targets = (first, second, third, lambda: fourth(handed.pop()), fifth)
    thread = threading.Thread(target=targets[variant], name="keeper", daemon=True)
    thread.start()
    ready.wait()
    return thread, gate


def _views(variant: int, treasure: Treasure | None) -> None:
    if treasure is None:
        return
    view = memoryview(treasure)[variant : variant + 1]
    if variant == 0:
        CACHE["view"] = view
    elif variant == 1:
        LISTED.append(view)
    elif variant == 2:
        Registry.extra = view.cast("B")  # type: ignore[attr-defined]
    elif variant == 3:
        CACHE["rows"] = [view, view]
    else:
        LISTED.append((c_byte * 1).from_buffer(treasure))


def _arrays(variant: int, treasure: Treasure | None) -> None:
    """NumPy's views of a big base, and an array of objects."""
    import numpy as np

    if treasure is None:
        return
    numbers = np.frombuffer(treasure, "u1")
    if variant == 0:
        CACHE["row"] = numbers[10:20]
    elif variant == 1:
        LISTED.append(numbers.reshape(10, 100)[3])
    elif variant == 2:
        Registry.extra = numbers[::2].view("i1")  # type: ignore[attr-defined]
    elif variant == 3:
        objects = np.empty((2, 2), dtype=object)
        objects[1, 0] = treasure
        CACHE["objects"] = objects
    else:
        GROUPED["group"].append(numbers.data[5:6])


STOLEN: list[int] = []


def _foreign(variant: int, treasure: Treasure | None) -> None:
    held: Any = (treasure, [treasure], {"it": treasure}, (treasure, 1), lambda: treasure)[variant]
    pythonapi.Py_IncRef(py_object(held))
    STOLEN.append(id(held))


def _give_back() -> None:
    while STOLEN:
        pythonapi.Py_DecRef(cast(STOLEN.pop(), py_object))


def _cycles(variant: int, treasure: Treasure | None) -> None:
    thing = Finalized(treasure)
    if variant == 0:
        CACHE["cycle"] = thing
    elif variant == 1:
        LISTED.append(thing)
    elif variant == 2:
        thing.me = [thing]  # type: ignore[assignment]
        Registry.members.append(thing)
    elif variant == 3:
        Registry.by_name["cycle"] = thing
    else:
        RECENT.append(thing)


def _bound(function: Callable[[int, Any], object], variant: int) -> Callable[[Any], object]:
    return lambda treasure: function(variant, treasure)


HOLDERS = {
    "container": ("CACHE['key']", "ORDERED[1]", "GROUPED['group'][0]", "RECENT[0]", "CACHE"),
    "registry": (
        "Registry.members[0]",
        "Registry.by_name['it']",
        "Registry.extra",
        "LISTED[0].kept",
        "Registry.members[0]['deep'][0]['deeper'][0]",
    ),
    "closure": (
        "LISTED[0].__closure__[0].cell_contents",
        "LISTED[0].__defaults__[0]",
        "LISTED[0].__class__.__call__.__closure__[0].cell_contents",
        "LISTED[0]",
        "LISTED[0]",
    ),
    "traceback": ("CACHE['error']",) * 5,
    "task": ("CACHE['loop']",) * 5,
    "cycle": (
        "CACHE['cycle'].treasure",
        "LISTED[0].treasure",
        "Registry.members[0].treasure",
        "Registry.by_name['cycle'].treasure",
        "RECENT[0].treasure",
    ),
    "cached": ("Methods.cached", "Methods.unbounded", "Methods.few", "made_for", "made_for"),
    "handler": ("LOGGER.handlers[0].kept", "", "", "leaks_treasure", "LISTED[0]"),
    "context": ("context", "", "LISTED[0]", "", "context"),
    "thread": (
        "keeper > frame _threads.<locals>.first",
        "keeper > frame _threads.<locals>.second",
        "keeper > frame _threads.<locals>.third",
        "keeper > frame _threads.<locals>.fourth",
        "keeper > frame _threads.<locals>.fifth",
    ),
    "view": ("CACHE['view']", "LISTED[0]", "Registry.extra", "CACHE['rows'][0]", "LISTED[0]"),
    "array": (
        "CACHE['row']",
        "LISTED[0]",
        "Registry.extra",
        "CACHE['objects'][2]",
        "GROUPED['group'][0]",
    ),
    "foreign": ("held from C (1 reference)",) * 5,
}


def leaks() -> list[Leak]:
    """Return every kind in every variant."""
    makers: dict[str, Callable[[int], Callable[[Any], object]]] = {
        "container": lambda variant: _bound(_containers, variant),
        "registry": lambda variant: _bound(_registries, variant),
        "closure": _closures,
        "traceback": _tracebacks,
        "task": _tasks,
        "cycle": lambda variant: _bound(_cycles, variant),
        "cached": _cached,
        "handler": _handlers,
        "context": lambda variant: _bound(_contexts, variant),
        "thread": lambda variant: _bound(_threads, variant),
        "view": lambda variant: _bound(_views, variant),
        "foreign": lambda variant: _bound(_foreign, variant),
    }
    if importlib.util.find_spec("numpy"):
        makers["array"] = lambda variant: _bound(_arrays, variant)
    return [
        Leak(kind, variant, make(variant), HOLDERS[kind][variant])
        for kind, make in makers.items()
        for variant in range(5)
    ]


def clear() -> None:
    """Undo every leak."""
    _give_back()
    if "loop" in CACHE:
        _forget_task()
    for gathered in (CACHE, ORDERED, LISTED, GROUPED, RECENT, Registry.members, HANDED):
        gathered.clear()
    Registry.by_name.clear()
    if hasattr(Registry, "extra"):
        del Registry.extra
    LOCAL.__dict__.clear()
    CURRENT.set(None)
    for handler in list(LOGGER.handlers):
        LOGGER.removeHandler(handler)
    atexit.unregister(print)
    sys.modules.pop("leaks_treasure", None)
    for cache in (Methods.cached, Methods.unbounded, Methods.few, made_for):
        cache.cache_clear()
