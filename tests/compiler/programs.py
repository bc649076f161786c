"""Small programs, made by chance: such as have what passes look for, and what stops them.

A program does not loop forever, reads nothing from outside, and prints what it comes to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random
from textwrap import indent

_TEXT = """
0 1 2 -1 7 255 1.5 -0.0 1e300 2j True False None '' 'a' 'abc' '%s' '%d-%s' '{}' 'é' b'' b'xy'
(1,2) ('a','b') ()
"""
_CONSTANTS = _TEXT.split()
_OPERATORS = "+ - * / // % ** << >> & | ^ < <= > >= == != in and or"
_BINARY = [*_OPERATORS.split(), "not in", "is"]
_OF_CONSTANTS = """
upper() strip() title() split() join(('x','y')) replace('a','b') encode() decode() count('a')
index('a') center(5) zfill(4) startswith('a') bit_length() hex() format(1,2) is_integer()
partition('b') to_bytes(2,'big')
"""
_METHODS = _OF_CONSTANTS.split()
_PURE = "len abs str int float bool repr min max sum sorted tuple list ord chr round divmod"
_CALLS = _PURE.split()
_CAUGHT = "ZeroDivisionError TypeError ValueError (TypeError,AttributeError) Exception"
_ERRORS = _CAUGHT.split()
_NAMES = ["a", "b", "c", "total", "len", "DEBUG", "LIMIT", "k", "k"]
_KINDS = [
    "(int, str)",
    "(float, type(None), list)",
    "int | None",
    "(len, int)",
    "(str,)",
    "int | 3",
]
_OPTIONS = ["int({}, base=3)", "sum({}, start=1)", "round({}, ndigits=1)", "sum({}, base=2)"]
_PLAIN = ["a", "b", "c", "x", "0", "-1", "'a'", "1.5"]
_UNBOUND = re.compile(r"\b(k|x|total)\b")
_TAKING = "tuple list set sorted frozenset sum any ','.join b''.join max"
_TAKERS = _TAKING.split()
_SEQUENCES = ["[1, 'a', None]", "[a for a in c]", "list(c)", "(1, a)", "'xyz'", "c", "[]", "b''"]
_CHANGES = """
seq.append(a)|seq += [1]|seq = seq + seq|seq.pop()|c = seq|x = (seq, a)|del seq[0]|print(i)|i = 2
|print(len(seq), seq[-1:])|print(seq[i - 1])|x = lambda: seq|x = [seq[i] for i in (0,)]|seq[i] = b
|if a: seq = 3|k = len(seq)
"""
_ITEMS = ["(1, 2)", "('a', 'b', 'c')", "[1, None]", "range(3)", "'xy'", "()", "(a, 1)", "(b, a)"]


class _Maker:
    """Makes the text of a program from a source of chance."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._depth = 0
        self._in_loop = False
        self._in_function = False

    def module(self) -> str:
        lines = ["import math, struct, sys", f"DEBUG = {self._pick(['False', 'True', '0'])}"]
        lines += [f"LIMIT = {self._pick(_CONSTANTS)}", "a, b, c, total, k = 1, 'b', [3], 0, 'k'"]
        lines += [self._pick(["hits = 0", "hits = 0", "hits = []", "", "hits: int = 0"])]
        for number in range(self._chance.randint(1, 3)):
            lines.append(self._function(f"f{number}"))
            lines.append(self._tried(f"f{number}({self._expression()}, {self._expression()})"))
        lines += [self._tried(self._expression()) for _ in range(3)]
        return "\n".join([*lines, self._block(3), "print(a, b, c, total)"]) + "\n"

    def _pick(self, words: list[str]) -> str:
        return self._chance.choice(words)

    def _tried(self, expression: str) -> str:
        """Return a statement that prints what an expression comes to, or raises."""
        return (
            f"try:\n    print({expression})\n"
            "except Exception as error:\n    print(type(error).__name__, str(error)[:60])"
        )

    def _function(self, name: str) -> str:
        head = self._pick(["", "'''doc'''\n", "f'no doc {1}'\n", "'no'.upper()\n"])
        declared = self._pick(["", "global hits\n", "global total\n", "global hits, total\n"])
        before, self._in_function = self._in_function, True
        body = head + declared + self._held() + self._block(4) + f"\nreturn {self._expression()}"
        self._in_function = before
        start = f"def {name}(a, b={self._expression(1)}, *c):\n" + indent(body, "    ")
        return f"{start}\nprint({name}.__doc__)"

    def _held(self) -> str:
        """Return statements that bind a local, most often once and to a constant."""
        value = self._pick([*_CONSTANTS, "-3", "2 * 30", "'-' * 4"])
        shapes = ["", f"k = {value}\n", f"k = {value}\n", f"k = x = {value}\n"]
        shapes += [f"if {self._expression(1)}: k = {value}\n", f"k: int = {value}\ndel k\n"]
        shapes += [f"k = {value}\ndef g():\n    nonlocal k\n    k = 1\n    return k\n"]
        return self._pick([*shapes, f"for k in ({value}, 2): print(k)\n"])

    def _block(self, most: int) -> str:
        self._depth += 1
        kinds = self._kinds() if self._depth < 4 else [self._assignment]
        made = [self._chance.choice(kinds)() for _ in range(self._chance.randint(1, most))]
        self._depth -= 1
        return "\n".join(made)

    def _kinds(self) -> list[Callable[[], str]]:
        return [
            self._assignment,
            self._assignment,
            self._printing,
            self._branch,
            self._loop,
            self._indexes,
            self._attempt,
            self._closure,
            self._leaving,
        ]

    def _assignment(self) -> str:
        target = self._pick(["a", "b", "c", "a, b", "x", "total", "hits"])
        if target == "hits" and self._in_function:
            return self._pick(["hits += 1", "hits -= 2", "hits = hits - 3", "hits = a"])
        if target == "a, b":
            return f"a, b = {self._expression()}, {self._expression()}"
        value = self._search() if self._chance.random() < 0.15 else self._expression()
        return f"{target} {self._pick(['=', '='])} {value}"

    def _printing(self) -> str:
        return f"print({self._expression()})"

    def _branch(self) -> str:
        tests = ["DEBUG", "not DEBUG", "sys.platform == 'win32'", "sys.version_info >= (3, 5)"]
        search = self._pick(["", "not "]) + self._search()
        test = self._pick([*tests, self._expression(), self._expression(), search])
        made = f"if {test}:\n{indent(self._block(2), '    ')}"
        return (
            made + f"\nelse:\n{indent(self._block(2), '    ')}"
            if self._chance.random() < 0.5
            else made
        )

    def _loop(self) -> str:
        before, self._in_loop = self._in_loop, True
        made = f"for {self._pick(['a', 'x', 'total'])} in {self._pick(_ITEMS)}:\n"
        made += indent(self._block(2), "    ")
        self._in_loop = before
        if self._chance.random() < 0.3:
            made += f"\nelse:\n{indent(self._block(1), '    ')}"
        return made

    def _indexes(self) -> str:
        """Return a loop over the indexes of what may be a sequence, and may be changed."""
        changes = [each.strip() for each in _CHANGES.split("|")]
        before, within, after = (self._pick([*changes, *[""] * 12]) for _ in range(3))
        size = self._pick(["== 0", "> 0", "< 1", "!= 0", ">= 1", "> 1"])
        lines = [f"seq = {self._pick(_SEQUENCES)}", "n = i = 3", before]
        lines += [f"if len(seq) {size}: print('so')"]
        lines += ["for i in range(len(seq)):", "    print(seq[i])"]
        lines += [f"    {within}", f"    {self._pick(['n += 1', 'n *= 2', 'n = a', 'break'])}"]
        return "\n".join([*lines, after, f"print(n ** 2, {self._pick(['seq[i:]', 'i', '0'])})"])

    def _attempt(self) -> str:
        made = f"try:\n{indent(self._block(2), '    ')}\nexcept {self._pick(_ERRORS)}:\n"
        made += indent(self._block(1), "    ")
        return made + (
            f"\nfinally:\n    print({self._expression()})" if self._chance.random() < 0.3 else ""
        )

    def _closure(self) -> str:
        return self._pick(
            [
                f"x = lambda: {self._expression()}",
                f"x = [a for a in {self._pick(['(1, 2)', 'range(2)'])} if {self._expression()}]",
                f"class x:\n    a = {self._expression()}\n    '''no doc'''",
                f"x = {{{self._pick(['1', 'a.__class__', repr('k')])}: {self._expression()}}}",
            ]
        )

    def _leaving(self) -> str:
        if self._in_loop and self._chance.random() < 0.5:
            return self._pick(["break", "continue", f"if {self._expression()}: continue"])
        return f"if {self._expression()}: return" if self._in_function else "pass"

    def _expression(self, depth: int = 3) -> str:
        if depth == 0 or self._chance.random() < 0.25:
            return self._pick([*_CONSTANTS, *_NAMES])
        inner = [self._expression(depth - 1) for _ in range(3)]
        return self._chance.choice(list(self._compound(inner)))

    def _compound(self, inner: list[str]) -> Iterator[str]:
        one, two, three = inner
        for _ in range(3):
            yield f"({one} {self._pick(_BINARY)} {two})"
            yield f"({one}).{self._pick(_METHODS)}"
        yield f"{self._pick(_CALLS)}({one})"
        yield f"({one} if {two} else {three})"
        yield f"({one}, {two})"
        yield f"[{one}, {two}][{self._pick(['0', '1', '2'])}]"
        yield f"(not {one})"
        yield f"{self._pick(['min', 'max'])}({self._pick(_PLAIN)}, {self._pick(_PLAIN)})"
        yield f"max({self._pick(_PLAIN)}, min({self._pick(_PLAIN)}, {self._pick(_PLAIN)}))"
        yield f"{self._pick(['min', 'max'])}({', '.join(self._pick(_PLAIN) for _ in range(3))})"
        yield f"isinstance({one}, {self._pick(_KINDS)})"
        yield f"(type({one}) {self._pick(['in', 'not in'])} {self._pick(_KINDS[:2])})"
        yield self._pick(_OPTIONS).format(one)
        yield f"math.{self._pick(['sqrt', 'floor', 'gcd'])}({one})"
        yield from self._generators(one, two)
        constant = self._pick(_CONSTANTS)
        yield f"(k {self._pick(_BINARY)} {constant})"
        yield f"({constant} {self._pick(_BINARY)} k).{self._pick(_METHODS)}"
        yield f"({one} if {self._pick(['k', 'not k', 'k and ' + two])} else {two})"
        if '"' not in one + two and "\n" not in one + two and "\\" not in one + two:
            spec = self._pick(["", ":>4", "!r", "!r:>9", ":.2f"])
            yield f'f"{{({one}){spec}}}-{{({two})}}"'

    def _search(self) -> str:
        """Return a call that a loop may stand for, or one like it."""
        if self._in_function:  # there a name may not be bound, which is told of in other words
            one, two = self._pick(["(a, b)", "c", "a"]), self._pick(["b", "c", "[a]"])
        else:
            one, two = self._expression(1), self._expression(1)
        test = self._pick(["", "", f" if {one}", f" if {two} if a"])
        items = self._pick([*_ITEMS, two])
        item = self._pick([one, f"1 if {one} else 0", f"not {two}", "1", f"a in {two}"])
        return f"{self._pick(['any', 'all', 'sum'])}({item} for a in {items}{test})"

    def _generators(self, one: str, two: str) -> Iterator[str]:
        """Yield generators that something uses up; the name they bind is one that is read.

        What a function may have not bound is left out: that is told of in other words.
        """
        if self._in_function and _UNBOUND.search(f"{one} {two}"):
            return
        name, items, gap = self._pick(["a", "b", "k"]), self._pick(_ITEMS), self._pick([" ", "\n"])
        test = self._pick(["", "", f" if {two}"])
        yield f"{self._pick(_TAKERS)}({one} for {name} in {items}{test})"
        yield f"{self._pick(_TAKERS)}({one}{gap}for {name} in{gap}{two}{test})"
        yield f"dict(({one}, {two}){gap}for {name} in {items})"


def program(seed: int) -> str:
    """Return the program of a seed, always the same."""
    return _Maker(Random(seed)).module()
