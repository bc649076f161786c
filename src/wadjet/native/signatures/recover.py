"""The signature of a callable, from all the evidence that there is.

The machine code says how many arguments there are, and mostly which have names. What is given
by place only may be called anything, so a documentation or a stub that agrees with the code in
number lends its names. Where the code says nothing, they are believed alone, and it is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from wadjet.native.signatures import docline, makers, stubs
from wadjet.native.signatures.census import Callable
from wadjet.native.signatures.evidence import Found, merged
from wadjet.native.signatures.machine import Process
from wadjet.native.signatures.shape import Kind, Parameter, Shape, legal, of_signature


class Confidence(IntEnum):
    """How much a signature can be relied on."""

    NONE = 0
    LOW = 1  # a documentation's or a stub's word alone
    FAIR = 2  # the code accepts these calls, and perhaps not all of them succeed
    HIGH = 3  # what the code itself checks


@dataclass(frozen=True, slots=True)
class Signature:
    """A callable's signature; ``names`` is where names by place are from, empty for none.

    ``forms`` are the ways to call it as its maker wrote them, with types.
    """

    name: str
    kind: str
    shape: Shape | None
    evidence: str
    confidence: Confidence
    names: str = ""
    bound: str = ""
    known: bool = False
    forms: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The signature as ``inspect`` shows it, ``?`` where nothing is known."""
        return "?" if self.shape is None else f"({self.shape.text()})"

    def internal(self, name: str) -> str:
        """Return the signature as C code has it at the head of a documentation."""
        assert self.shape is not None
        inside = self.shape.text()
        if self.bound:
            placed = any(each.kind is Kind.PLACE for each in legal(self.shape.parameters))
            mark = "" if placed else ", /"  # what it is bound to is given by place
            inside = f"{self.bound}{mark}{', ' if inside else ''}{inside}"
        return f"{name}({inside})"


def recovered(callable_: Callable, process: Process) -> Signature:
    """Return the signature of a callable, by what is there without running it."""
    known = callable_.signature()
    blank = Signature(
        callable_.name, callable_.kind, None, "", Confidence.NONE, bound=callable_.bound
    )
    maker = callable_.maker or process.maker(callable_)
    told = makers.told(callable_.object, maker, bound=callable_.bound == "self")
    forms = () if told is None else told.forms
    if known is not None:
        bound = callable_.kind == "method" and bool(callable_.bound)
        return replace(
            blank,
            shape=of_signature(known, bound=bound),
            evidence=_known_by(callable_, maker),
            confidence=Confidence.HIGH,
            known=True,
            forms=forms,
        )
    if told is not None:
        return replace(blended(blank, told.found, []), forms=forms)
    return found_for(callable_, process, blank)


def _known_by(callable_: Callable, maker: str) -> str:
    """Return where inspect has a signature from."""
    if callable_.maker in makers.KNOWN:
        return makers.KNOWN[callable_.maker]
    return f"{maker} text signature" if maker == "pyo3" else "text signature"


def found_for(callable_: Callable, process: Process, blank: Signature) -> Signature:
    """Return the signature by the code, with names from elsewhere; or by what else there is."""
    return blended(blank, process.found(callable_), told_by(callable_))


def blended(blank: Signature, found: Found | None, told: list[tuple[str, Shape]]) -> Signature:
    """Return the signature by what the code says, and what is told elsewhere."""
    if found is None or found.source == "unread":
        source = told[0][0] if told else ""
        shape = merged([each for word, each in told if word == source])
        if shape is not None:
            return replace(blank, shape=shape, evidence=source, confidence=Confidence.LOW)
        if found is None:
            return blank
    names, shape = _named(found, told)
    confidence = Confidence.HIGH if found.exact else Confidence.FAIR
    return replace(blank, shape=shape, evidence=found.source, confidence=confidence, names=names)


def told_by(callable_: Callable) -> list[tuple[str, Shape]]:
    """Return what stubs and the documentation say: a word for the source, and a shape."""
    kind = callable_.kind == "type"
    told: list[tuple[str, Shape]] = []
    for module, name in homes(callable_):
        told += (("stub", shape) for _, _, shape in stubs.of(module, name, is_type=kind))
        if told:
            break
    try:
        doc = callable_.object.__doc__
    except Exception:
        doc = None
    if isinstance(doc, str):
        told += (("documentation", shape) for shape in docline.shapes(doc, callable_.name))
    return told


def homes(callable_: Callable) -> list[tuple[str, str]]:
    """Return the modules that a callable may be described in, and its name there."""
    names = []
    owner = callable_.owner or callable_.object
    module = getattr(owner, "__module__", None)
    qualified = getattr(callable_.object, "__qualname__", "")
    at = callable_.name.count(".") - (2 if callable_.kind == "method" else 1)
    parts = callable_.name.split(".")
    names.append((".".join(parts[: at + 1]), ".".join(parts[at + 1 :])))
    if isinstance(module, str) and isinstance(qualified, str) and module != names[0][0]:
        names.append((module, qualified))
    return names


def _named(found: Found, told: list[tuple[str, Shape]]) -> tuple[str, Shape]:
    """Return where names are from, and the shape with them."""
    shape = found.shape
    nameless = [each for each in shape.placed if not each.name]
    if not nameless:
        return ("code" if shape.placed else ""), shape
    for source, other in told:
        if len(other.placed) == len(shape.placed) and (
            other.arity == shape.arity or source == "documentation"
        ):
            return source, _lent(shape, other)
    return "numbers", shape


def _lent(shape: Shape, other: Shape) -> Shape:
    """Return ``shape`` with the names of ``other`` where it has none."""
    lent = iter(other.placed)
    taken = {each.name for each in shape.parameters}
    made = []
    for each in shape.parameters:
        if each.kind in (Kind.PLACE, Kind.EITHER):
            name = next(lent).name
            if not each.name and name not in taken:
                each = Parameter(name, Kind.PLACE, each.default)
        made.append(each)
    return Shape(tuple(made))
