"""Fresh chance for each process that comes back.

A generator that was seeded by chance is seeded anew; one that was given a seed goes on with its
sequence, as the program meant it. Which is which is seen while the imports run.
"""

from __future__ import annotations

import gc
import os
import sys

import _wadjet_snapshot as core

TYPE_CHECKING = False
if TYPE_CHECKING:
    import random as random_module
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

_by_chance: dict[int, Any] = {}  # random.Random, by id: their references would keep them alive
_drawn: set[int] = set()  # what NumPy seeds itself with
_undo: list[Callable[[], None]] = []
_renewals: list[Callable[[], object]] = []


def watch() -> None:
    """Note from now on which generators are seeded by chance."""
    import random
    import secrets
    import weakref

    seed, randbits = random.Random.seed, secrets.randbits

    def noting_seed(self: random_module.Random, a: Any = None, version: int = 2) -> None:
        _by_chance.pop(id(self), None)
        if a is None:
            _by_chance[id(self)] = weakref.ref(self)
        seed(self, a, version)

    def noting_bits(k: int) -> int:
        bits = randbits(k)
        _drawn.add(bits)
        return bits

    def stop() -> None:
        random.Random.seed = seed  # type: ignore[method-assign]
        secrets.randbits = randbits

    random.Random.seed = noting_seed  # type: ignore[method-assign]
    secrets.randbits = noting_bits
    _undo.append(stop)


def keep() -> None:
    """Note no more, and remember what is to be seeded anew."""
    while _undo:
        _undo.pop()()
    _renewals.extend(found for found in map(_found, _LIBRARIES) if found is not None)
    alive = [found for each in _by_chance.values() if (found := each()) is not None]
    alive += [sys.modules["random"]._inst] if "random" in sys.modules else []
    _renewals.extend(each.seed for each in alive if not _is_drawn(each))
    _renewals.extend(_numpy_generators())
    _by_chance.clear()
    _drawn.clear()


def renew(same_number: bool) -> None:
    """Seed anew what was seeded by chance, and forget names and secrets that were drawn.

    OpenSSL seeds itself anew when the number of the process is another, and only then when it
    is asked for something; it has to be told if by chance it is the same.
    """
    if same_number and "_ssl" in sys.modules:
        sys.modules["_ssl"].RAND_add(os.urandom(32), 32.0)
    for each in _renewals:
        each()


def _is_drawn(generator: random_module.Random) -> bool:
    """Whether each process draws the state of a generator, which is quicker than to seed it."""
    kind = sys.modules["random"].Random
    if type(generator) is not kind:
        return False
    generator.seed()
    return core.renews(generator, _bytes(generator.getstate()[1][:-1]))


def _bytes(words: Iterable[int]) -> bytes:
    return b"".join(int(each).to_bytes(4, "little") for each in words)


def _found(library: tuple[str, Callable[[Any], object]]) -> Callable[[], object] | None:
    name, renewal = library
    module = sys.modules.get(name)
    return None if module is None else lambda: renewal(module)


def _forget_names(tempfile: Any) -> None:
    tempfile._name_sequence = None


def _forget_node(uuid: Any) -> None:
    """Draw anew, and by Python: the C library that else does it keeps what it once drew."""
    uuid._node = uuid._last_timestamp = uuid._generate_time_safe = None


def _renew_key(process: Any) -> None:
    process.current_process().authkey = os.urandom(32)


_LIBRARIES: tuple[tuple[str, Callable[[Any], object]], ...] = (
    ("multiprocessing.process", _renew_key),
    ("tempfile", _forget_names),
    ("uuid", _forget_node),
)
"""Modules that keep what was drawn, and how each is made to draw again."""


def _numpy_generators() -> list[Callable[[], object]]:
    """Return how NumPy's generators are renewed that took their seed from the system.

    They are no objects of the collector, but whoever holds one is.
    """
    module = sys.modules.get("numpy.random.bit_generator")
    if module is None or not _drawn:
        return []
    kind = module.BitGenerator
    holders = gc.get_objects()
    found = {id(each): each for each in gc.get_referents(*holders) if issubclass(type(each), kind)}
    chosen = [each for each in found.values() if _entropy(each) in _drawn]
    for each in holders:
        if issubclass(type(each), sys.modules["numpy.random.mtrand"].RandomState):
            _forget_normal(each, chosen)
    return [
        lambda each=each: _renew_bits(each)  # type: ignore[misc]
        for each in chosen
        if not _are_drawn(each)
    ]


def _forget_normal(state: Any, chosen: Sequence[object]) -> None:
    """Forget the second of two normal numbers, which are drawn together."""
    if any(state._bit_generator is each for each in chosen):
        state.set_state({**state.get_state(legacy=False), "has_gauss": 0, "gauss": 0.0})


def _are_drawn(bits: Any) -> bool:
    """Whether each process draws the state of a generator of bits, as `_is_drawn`."""
    if type(bits).__name__ != "MT19937":
        return False
    _renew_bits(bits)
    return core.renews(bits.capsule, _bytes(bits.state["state"]["key"]))


def _entropy(bits: Any) -> object:
    sequence = getattr(bits, "seed_seq", None) or getattr(bits, "_seed_seq", None)
    return getattr(sequence, "entropy", None)


def _renew_bits(bits: Any) -> None:
    if hasattr(bits, "_legacy_seeding"):  # its state is long, and slow to copy
        bits._legacy_seeding(memoryview(os.urandom(32)).cast("I").tolist())
    else:
        bits.state = type(bits)().state
