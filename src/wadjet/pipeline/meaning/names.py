"""What there is to say of names: scopes, what a name is in one, and the variable behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from wadjet.pipeline.tree import Node

BOUND, READ, GLOBAL, NONLOCAL = 1, 2, 4, 8
"""What a scope does with a name; the latter two are declarations."""


class ScopeKind(StrEnum):
    """What opens a scope."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    LAMBDA = "lambda"
    COMPREHENSION = "comprehension"
    """Of any sort: the node tells."""
    ANNOTATION = "annotation"
    """Annotations that are evaluated when somebody asks for them."""
    TYPE = "type"
    """Type parameters, the bound or default of one, or the value of ``type X = ...``."""


class Kind(StrEnum):
    """What a name is in a scope.

    In modules and classes a local is looked up by name, and may turn out to be a global
    or a builtin where it is not bound yet.
    """

    LOCAL = "local"
    CELL = "cell"
    """A local that a scope within reads or binds as well."""
    FREE = "free"
    """A cell of a scope around this one."""
    GLOBAL = "global"
    """Declared to be one."""
    IMPLICIT = "implicit"
    """A global, as no scope around binds it; no builtin has this name."""
    BUILTIN = "builtin"
    """A builtin's name, which nothing in the module binds globally."""
    SHADOWED = "shadowed"
    """A builtin's name, which the module binds, somewhere and perhaps not yet."""
    UNCERTAIN = "uncertain"
    """A builtin's name, which may be bound by what cannot be read here: ``Scope.is_open``."""
    CLASS = "class"
    """Looked up in the class around, and globally where that has not bound it."""
    NEVER = "never"
    """In an annotation that is never evaluated."""


class Scope:
    """A part of the code in which names mean the same; ``node`` is what opens it."""

    __slots__ = (
        "children",
        "class_cell",
        "is_open",
        "is_watched",
        "kind",
        "names",
        "node",
        "only_mangled",
        "parent",
        "private",
        "sees",
    )

    def __init__(self, kind: ScopeKind, node: Node, parent: Scope | None) -> None:
        self.kind = kind
        self.node = node
        self.parent = parent
        self.children: list[Scope] = []
        self.names: dict[str, Binding] = {}
        """By the name that the interpreter uses, which in a class may be mangled."""
        self.private: str | None = parent.private if parent else None
        self.only_mangled: set[str] | None = parent.only_mangled if parent else None
        self.sees: Scope | None = None
        """The class whose names are seen, though this is no part of its body."""
        self.class_cell: Variable | None = None
        """Of a class: its ``__class__``, where something within uses that or ``super``."""
        self.is_open = False
        """Whether names may be bound here by what cannot be read: ``exec``, a metaclass."""
        self.is_watched = False
        """Whether the code asks for its names by name: ``locals()``, ``vars()``, ``dir()``."""
        if parent:
            parent.children.append(self)

    def __repr__(self) -> str:
        where = f" at line {self.node.lineno}" if hasattr(self.node, "lineno") else ""
        return f"<{self.kind.value} {self.name}{where}>"

    @property
    def name(self) -> str:
        """What it is called, ``<lambda>`` and the like where it has no name."""
        named = getattr(self.node, "name", None)
        return named if isinstance(named, str) else f"<{type(self.node).__name__.lower()}>"

    @property
    def is_function(self) -> bool:
        """Whether its locals are not to be seen from outside: all but modules and classes."""
        return self.kind is not ScopeKind.MODULE and self.kind is not ScopeKind.CLASS

    def mangled(self, name: str) -> str:
        """Return what the interpreter calls a name that is written in this scope."""
        if self.private is None or not name.startswith("__") or name.endswith("__"):
            return name
        if self.only_mangled is not None and name not in self.only_mangled:
            return name
        private = self.private.lstrip("_")
        return f"_{private}{name}" if private else name

    def use(self, name: str) -> Binding:
        """Return the binding of a mangled name, which is new if there was none."""
        found = self.names.get(name)
        if found is None:
            found = self.names[name] = Binding(name, self)
        return found


class Binding:
    """A name in a scope: what it is there, and where that scope binds and reads it.

    ``bound_at`` has the nodes that bind it: names that are stored to or deleted, parameters,
    definitions, aliases of imports, handlers, captures of patterns, type parameters. The
    target of ``+=`` is in ``read_at`` too.
    """

    __slots__ = ("bound_at", "flags", "kind", "name", "read_at", "scope", "variable")

    variable: Variable

    def __init__(self, name: str, scope: Scope) -> None:
        self.name = name
        self.scope = scope
        self.flags = 0
        self.kind = Kind.NEVER
        self.bound_at: list[Node] = []
        self.read_at: list[Node] = []

    def __repr__(self) -> str:
        return f"<{self.kind.value} {self.name} in {self.scope!r}>"


@dataclass(slots=True, eq=False)
class Variable:
    """What bindings of one or more scopes share; it lives in ``home``."""

    name: str
    home: Scope = field(repr=False)
    bindings: list[Binding] = field(default_factory=list, repr=False)

    @property
    def bound_at(self) -> list[Node]:
        """The nodes that bind it, in whatever scope."""
        return [node for each in self.bindings for node in each.bound_at]

    @property
    def read_at(self) -> list[Node]:
        """The nodes that read it, in whatever scope."""
        return [node for each in self.bindings for node in each.read_at]
