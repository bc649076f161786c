"""Programs made by chance that define small functions and classes, call them, and rebind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from textwrap import indent

_VALUES = ["0", "1", "2", "-1", "3.5", "'a'", "'bc'", "None", "True", "[1]", "(1,2)", "{}"]
_OPERATORS = ["+", "-", "*", "//", "%", "<", "<=", "==", "is", "and", "or"]
_WORDS = ["a", "b", "c"]
_GLOBALS = ["K", "total", "sq"]
_FIELDS = ["x", "y"]
_PROPERTIES = ["px", "py"]
_METHODS = ["get", "step", "both", "twice", "kind"]


class _Maker:
    """Makes the text of a program from a source of chance."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._functions: list[tuple[str, int]] = []
        self._classes: list[str] = []
        self._locals: list[str] = []
        self._depth = 0
        self._in_loop = False
        self._in_items = False
        self._callable: list[str] = []  # the methods that may be called: there is no recursion

    def module(self) -> str:
        """Return the program."""
        parts = [
            "import sys\nlog = []\nK = 2\ntotal = 0",
            "def note(value):\n    log.append(repr(value)[:40])\n    return value",
        ]
        if self._chance.random() < 0.1:
            parts.insert(0, "'''doc'''\nfrom __future__ import annotations")
        parts += [self._small(f"f{each}") for each in range(self._chance.randint(1, 3))]
        parts += [self._lambda(f"h{each}") for each in range(self._chance.randint(0, 1))]
        parts += [self._class(f"C{each}") for each in range(self._chance.randint(1, 3))]
        parts += [self._large("g0"), self._chance.choice([self._large, self._of_items])("g1")]
        for _ in range(self._chance.randint(1, 2)):
            parts.append(self._tried(self._calls()))
            parts.append(self._changed())
            parts.append(self._tried(self._calls()))
        parts.append(self._calls())  # an error may leave it
        return "\n".join([*parts, "print(log)"]) + "\n"

    def _pick(self, words: list[str]) -> str:
        return self._chance.choice(words)

    def _calls(self) -> str:
        return f"print(g{self._pick(['0', '1'])}({self._value()}, {self._object()}))"

    def _value(self) -> str:
        return self._pick(_VALUES)

    def _object(self) -> str:
        return f"{self._pick(self._classes)}({self._value()})" if self._classes else "None"

    def _tried(self, statement: str) -> str:
        return (
            f"try:\n{indent(statement, '    ')}\nexcept Exception as error:\n"
            "    print(type(error).__name__, str(error)[:60])"
        )

    def _changed(self) -> str:
        """Return what changes something in the middle."""
        function, _ = self._chance.choice(self._functions)
        return self._chance.choice(
            [
                "K = 'k'",
                "pass",
                "pass",
                f"{function} = lambda *a, **k: ('other', a, k)",
                f"saved = {function}\ndel {function}",
                f"{self._pick(self._classes)}.{self._pick(_METHODS)} = lambda *a: ('patched', a)",
                f"{self._pick(self._classes)}.{self._property()} = property(lambda self: 'new')",
                f"class {self._pick(self._classes)}:\n    def __init__(self, *a): self.x = a",
                f"def {function}(*a, **k): return ('again', len(a))",
                *self._changed_from_outside(function),
            ]
        )

    def _changed_from_outside(self, function: str) -> list[str]:
        """Return what does so where nobody sees it."""
        there = "g0.__globals__"
        made = self._pick(self._classes)
        return [
            f"{there}['{function}'] = lambda *a, **k: ('unseen', a, k)",
            f"{there}['{function}'] = f0",
            f"del {there}['{function}']",
            f"{there}['{made}'] = {self._pick(self._classes)}",
            f"{there}['{made}'] = lambda *a: a",
        ]

    def _parameters(self) -> str:
        number = self._chance.randint(0, 3)
        made = _WORDS[:number]
        if number and self._chance.random() < 0.3:
            made[-1] += f"={self._pick(['1', 'None', 'K', '[]'])}"
        if number > 1 and self._chance.random() < 0.15:
            made.insert(1, "*" if self._chance.random() < 0.5 else "/")
        return ", ".join(made)

    def _small(self, name: str) -> str:
        parameters = self._parameters()
        self._locals = [each for each in _WORDS if each in parameters]
        made = f"def {name}({parameters}):\n{indent(self._little(), '    ')}"
        self._functions.append((name, len(self._locals)))
        return made

    def _lambda(self, name: str) -> str:
        parameters = self._parameters()
        self._locals = [each for each in _WORDS if each in parameters]
        made = f"{name} = lambda {parameters}: {self._expression(2)}"
        self._functions.append((name, len(self._locals)))
        return made

    def _little(self) -> str:
        """Return the body of a small function."""
        kind = self._chance.random()
        if kind < 0.35:
            return f"return {self._expression(2)}"
        if kind < 0.5:
            return f"{self._assignment()}\nreturn {self._expression(2)}"
        if kind < 0.65:
            return (
                f"if {self._expression(2)}:\n    return {self._expression(2)}\n"
                f"{self._assignment()}\nreturn {self._expression(1)}"
            )
        if kind < 0.75:
            return f"if {self._expression(1)}:\n    raise ValueError({self._expression(1)})"
        if kind < 0.85:
            return (
                f"{self._assignment()}\nfor d in {self._pick(['(1, 2)', 'range(2)'])}:\n"
                f"    {self._assignment()}\nreturn {self._expression(1)}"
            )
        if kind < 0.9:
            return f"x = [a for a in (1, 2)]\nreturn {self._expression(1)}"
        return f"note({self._expression(2)})"

    def _class(self, name: str) -> str:
        bases = [f"({each})" for each in self._classes] + ["", "", "(object)"]
        made = f"class {name}{self._pick(bases)}:\n"
        self._locals = ["self", "a", "b"]
        lines = []
        if self._chance.random() < 0.15:
            lines.append(f"__slots__ = ({self._pick(['', repr('x') + ','])})")
        if self._chance.random() < 0.85:
            lines.append("def __init__(self, a=0, b=None):\n    self.x = a\n    self.y = b")
            if self._chance.random() < 0.3:
                lines[-1] += f"\n    {self._assignment()}"
        for method in self._chance.sample(_METHODS, self._chance.randint(1, 3)):
            self._callable = _METHODS[: _METHODS.index(method)]
            extra = self._pick(["", ", a", ", a=1"])
            self._locals = ["self", *(["a"] if extra else [])]
            if self._chance.random() < 0.08:
                lines.append("@property")
            lines.append(f"def {method}(self{extra}):\n{indent(self._little(), '    ')}")
        lines += self._item_methods()
        for each in _PROPERTIES:
            if self._chance.random() < 0.4:
                self._locals = ["self"]
                lines.append(f"@property\ndef {each}(self):\n{indent(self._little(), '    ')}")
                if self._chance.random() < 0.15:
                    lines.append(f"@{each}.setter\ndef {each}(self, a): note(a)")
        if self._chance.random() < 0.1:
            lines.append("def __getattr__(self, name): return ('missing', name)")
        self._classes.append(name)
        self._callable = []
        return made + indent("\n".join(lines), "    ")

    def _item_methods(self) -> Iterator[str]:
        """Yield methods for items: such as take the place apart, or ask what it is."""
        self._locals = ["self", "a"]
        readings = [
            f"c, b = a\nreturn {self._expression(2)}",
            f"if isinstance(a, tuple):\n    return a[1], a[0]\nreturn {self._expression(1)}",
            "return self.x if isinstance(a, tuple) else note(a)",
            "if a == 1:\n    raise IndexError(a)\nreturn note((self.y, a))",
            self._little(),
        ]
        if self._chance.random() < 0.6:
            yield "__iter__ = None"  # or a loop over items would have no end
            yield f"def __getitem__(self, a):\n{indent(self._pick(readings), '    ')}"
        self._locals = ["self", "a", "b"]
        bindings = [
            "c, d = a\nself.x = note((d, c, b))",
            f"if isinstance(a, tuple):\n    self.y = a[0]\nelse:\n    {self._assignment()}",
            f"note(b)\nself.y = {self._expression(1)}",
        ]
        if self._chance.random() < 0.6:
            yield f"def __setitem__(self, a, b):\n{indent(self._pick(bindings), '    ')}"

    def _of_items(self, name: str) -> str:
        """Return a function that asks an object, of which it knows something, for items."""
        self._locals, self._callable, self._in_items = ["a", "c", "d"], [], True
        turns = [self._bound_item() for _ in range(self._chance.randint(1, 3))]
        last = f"return {self._expression(3)}"
        self._in_items = False
        where = self._pick(["range(2)", "range(1, 3)", "(1, 'a')"])
        body = f"c = b.x\nd = 0\nfor d in {where}:\n{indent(chr(10).join(turns), '    ')}\n{last}"
        return f"def {name}(a, b):\n{indent(body, '    ')}"

    def _bound_item(self) -> str:
        target = self._pick([f"b[{self._place()}]", "c", "b.x", f"b[{self._place()}][0]"])
        return f"{target} {self._pick(['=', '=', '=', '+='])} {self._expression(3)}"

    def _place(self) -> str:
        return self._pick(["d", "d", "a", "0", "d, a", "note(a), d", "d + 1", "1:2", "(a, d, 0)"])

    def _large(self, name: str) -> str:
        self._locals, self._callable = ["a", "b"], _METHODS
        head = self._pick(["", "", "", "global total\n", "K = 5\n", "print(sorted(locals()))\n"])
        body = head + self._block(5) + f"\nreturn {self._expression(3)}"
        made = f"def {name}(a, b):\n{indent(body, '    ')}"
        if self._chance.random() < 0.15:
            made = f"def outer_{name}(K):\n{indent(made, '    ')}\n    return {name}\n"
            made += f"{name} = outer_{name}(9)"
        return made

    def _block(self, most: int) -> str:
        self._depth += 1
        kinds: list[Callable[[], str]] = [self._assignment, self._assignment, self._called]
        if self._depth < 3:
            kinds += [self._branch, self._loop, self._attempt, self._leaving]
        made = [self._chance.choice(kinds)() for _ in range(self._chance.randint(1, most))]
        self._depth -= 1
        return "\n".join(made)

    def _assignment(self) -> str:
        target = self._pick(["a", "c", "b.x", "c", "a"])
        if target not in self._locals and target == "b.x":
            target = "c"
        sign = "=" if target not in self._locals else self._pick(["=", "=", "+=", "-="])
        made = f"{target} {sign} {self._expression(3)}"
        if target not in self._locals and self._depth < 2 and target != "b.x":
            self._locals.append(target)
        return made

    def _called(self) -> str:
        return self._expression(2)

    def _branch(self) -> str:
        made = f"if {self._expression(2)}:\n{indent(self._block(2), '    ')}"
        if self._chance.random() < 0.5:
            made += f"\nelse:\n{indent(self._block(2), '    ')}"
        return made

    def _loop(self) -> str:
        before, self._in_loop = self._in_loop, True
        items = self._pick(["(1, 2)", "[b, b]", "range(3)", "(f0, K)"])
        made = f"for {self._pick(['a', 'd'])} in {items}:\n{indent(self._block(2), '    ')}"
        self._in_loop = before
        return made

    def _attempt(self) -> str:
        made = f"try:\n{indent(self._block(2), '    ')}\nexcept Exception as e:\n"
        made += f"    note(str(e)[:50])\n{indent(self._block(1), '    ')}"
        if self._chance.random() < 0.3:
            made += f"\nfinally:\n    note({self._expression(1)})"
        return made

    def _leaving(self) -> str:
        if self._in_loop and self._chance.random() < 0.5:
            return f"if {self._expression(2)}: {self._pick(['break', 'continue'])}"
        return f"if {self._expression(2)}: return {self._expression(2)}"

    def _expression(self, depth: int) -> str:
        if depth == 0 or self._chance.random() < 0.2:
            return self._pick([*self._locals, *self._locals, *_VALUES, *_GLOBALS])
        makers = [self._binary, self._function, self._function, self._method, self._method]
        makers += [self._other, self._noted]
        if self._in_items:
            makers += [lambda depth: f"b[{self._place()}]"] * 3
        return self._chance.choice(makers)(depth - 1)

    def _binary(self, depth: int) -> str:
        sign = self._pick(_OPERATORS)
        if sign == "is":
            return f"({self._expression(depth)} is None)"
        return f"({self._expression(depth)} {sign} {self._expression(depth)})"

    def _function(self, depth: int) -> str:
        if not self._functions:
            return self._noted(depth)
        name, wanted = self._chance.choice(self._functions)
        given = [self._expression(depth) for _ in range(wanted)]
        kind = self._chance.random()
        if kind < 0.1 and given:
            given.pop()
        elif kind < 0.15:
            given.append("1")
        elif kind < 0.25 and given:
            given[-1] = f"{_WORDS[wanted - 1]}={given[-1]}"
        elif kind < 0.3 and given:
            given[-1] = f"(c := {given[-1]})"
        elif kind < 0.33:
            given = [f"*({', '.join(given)},)"] if given else []
        return f"{name}({', '.join(given)})"

    def _method(self, depth: int) -> str:
        if not self._callable:
            return self._binary(depth)
        if self._callable is _METHODS and self._chance.random() < 0.3:
            return f"({self._pick(['b', self._expression(min(depth, 1))])}).{self._property()}"
        owners = [each for each in self._locals if each in ("self", "b")] or ["K"]
        owner = self._pick([*owners, *owners, self._expression(min(depth, 1))])
        if self._classes and self._chance.random() < 0.2:
            owner = f"{self._pick(self._classes)}({self._expression(min(depth, 1))})"
        given = self._expression(depth) if self._chance.random() < 0.5 else ""
        return f"({owner}).{self._pick(self._callable)}({given})"

    def _property(self) -> str:
        return self._pick(_PROPERTIES)

    def _other(self, depth: int) -> str:
        one = self._expression(depth)
        return self._chance.choice(
            [
                f"[{one} for a in (1, 2)]",
                f"({one} if {self._expression(depth)} else {self._expression(depth)})",
                f"(not {one})",
                f"({one}, {self._expression(depth)})",
                f"({one}).{self._pick(_FIELDS)}",
                f"(lambda: {one})()",
                f"str({one})",
                f"len({one})",
            ]
        )

    def _noted(self, depth: int) -> str:
        return f"note({self._expression(depth)})"


def program(seed: int) -> str:
    """Return the program of a seed, always the same."""
    return _Maker(Random(seed)).module()
