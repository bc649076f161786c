"""Functions made up at random, which tell what they do while they run."""

from __future__ import annotations

import ast
import dis
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FrameType
from typing import Any

LOCALS = ("x", "y", "z")
BUDGET = 150
"""How often a program may ask what to do before it is stopped."""


class Stop(BaseException):
    """The program has run for long enough."""


class First(Exception):  # noqa: N818
    """What programs raise."""


class Second(Exception):  # noqa: N818
    """And what else."""


class Made:
    """The value that the definition of a number has made."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __iadd__(self, other: Made) -> Made:
        return other

    def __bool__(self) -> bool:
        return True


class Writer:
    """Writes a function. What it does at run time is asked for by calls."""

    def __init__(self, rng: random.Random, *, groups: bool = True) -> None:
        self._rng = rng
        self._groups = groups
        self._number = 0
        self.lines: list[str] = ["def f(x):"]
        self._loops = 0
        self._star = False
        self._pauses = rng.random() < 0.2
        self._block(1, 3)

    @property
    def text(self) -> str:
        """The source."""
        return "\n".join(self.lines) + "\n"

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _name(self) -> str:
        return self._rng.choice(LOCALS)

    def _made(self) -> str:
        return f"Made({self._next()})"

    def _put(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def _block(self, depth: int, size: int) -> None:
        for _ in range(self._rng.randint(1, size)):
            if depth < 5 and self._rng.random() < 0.45:
                self._rng.choice(self._compound)(self, depth)
            else:
                self._put(depth, self._simple())
                if self.lines[-1].split()[0] in ("return", "raise", "break", "continue"):
                    return  # tracers are told of lines after it that are not there

    def _simple(self) -> str:
        name = self._name()
        choices = [
            f"{name} = {self._made()}",
            f"{name} = {self._made()}",
            f"{name} = {name}2 = 1",
            f"use({self._next()}, {name})",
            f"use({self._next()}, {name})",
            f"{name} += {self._made()}",
            f"del {name}",
            "may()",
            f"asked() and ({name} := {self._made()})",
            f"use({self._next()}, {name}) if asked() else ({name} := {self._made()})",
            "assert asked()",
            "pass",
            "raise First",
        ]
        choices += ["return asked()"] if not self._star else []
        choices += ["break", "continue"] * 2 if self._loops else []
        choices += ["yield asked()"] * 2 if self._pauses else []
        return self._rng.choice(choices)

    def _if(self, depth: int) -> None:
        test = self._rng.choice(["asked()", f"({self._name()} := {self._made()}) and asked()", "1"])
        self._put(depth, f"if {test}:")
        self._block(depth + 1, 2)
        if self._rng.random() < 0.3:
            self._put(depth, f"elif use({self._next()}, {self._name()}):")
            self._block(depth + 1, 2)
        if self._rng.random() < 0.5:
            self._put(depth, "else:")
            self._block(depth + 1, 2)

    def _loop(self, depth: int) -> None:
        head = self._rng.choice(["while asked():", "while True:", None])
        self._put(depth, head or f"for {self._name()} in items({self._next()}):")
        self._loops += 1
        if head == "while True:":
            self._put(depth + 1, "if asked(): break")
        self._block(depth + 1, 3)
        self._loops -= 1
        if self._rng.random() < 0.3:
            self._put(depth, "else:")
            self._block(depth + 1, 2)

    def _try(self, depth: int) -> None:
        self._put(depth, "try:")
        self._block(depth + 1, 3)
        star = self._groups and self._rng.random() < 0.2
        handlers = self._rng.randint(0, 2)
        for kind in ("First", "(First, Second)")[:handlers]:
            named = f" as {self._name()}" if self._rng.random() < 0.5 else ""
            self._put(depth, f"except{'*' if star else ''} {kind}{named}:")
            before = self._star, self._loops
            self._star, self._loops = self._star or star, 0 if star else self._loops
            self._block(depth + 1, 2)
            self._star, self._loops = before
        if handlers and self._rng.random() < 0.3:
            self._put(depth, "else:")
            self._block(depth + 1, 2)
        if not handlers or self._rng.random() < 0.4:
            self._put(depth, "finally:")
            self._block(depth + 1, 2)

    def _with(self, depth: int) -> None:
        named = f" as {self._name()}" if self._rng.random() < 0.5 else ""
        more = ", Manager(0)" if self._rng.random() < 0.3 else ""
        self._put(depth, f"with Manager({self._next()}){named}{more}:")
        self._block(depth + 1, 2)

    def _match(self, depth: int) -> None:
        self._put(depth, f"match [{self._made()}, asked()]:")
        name = self._name()
        patterns = [f"[{name}, True]", f"[_, {name}] if asked()", "_"]
        for pattern in patterns[self._rng.randint(0, 2) : self._rng.randint(2, 3)] or ["{}"]:
            self._put(depth + 1, f"case {pattern}:")
            self._block(depth + 2, 2)

    _compound: Sequence[Callable[[Writer, int], None]] = (_if, _loop, _try, _with, _match)


_CLEANING = ("COPY", "POP_EXCEPT", "LOAD_CONST", "STORE_FAST", "DELETE_FAST", "NOP", "CACHE")


def cleaning(code: CodeType) -> set[int]:
    """Return where byte code clears up on the way of an exception, for which it has odd lines."""
    found: set[int] = set()
    ends = False
    for each in reversed(list(dis.get_instructions(code))):
        ends = each.opname == "RERAISE" or (ends and each.opname in _CLEANING)
        if ends and not each.opname.endswith("_FAST"):
            found.add(each.offset)
    return found


class Run:
    """One run of a program: the lines it went through, and what its reads found."""

    def __init__(self, text: str, rng: random.Random) -> None:
        self._rng = rng
        self._asked = 0
        self.lines: list[int] = []
        self.found: list[tuple[int, object]] = []
        self.unbound: set[int] = set()
        """The lines where a name was not bound."""
        self.stopped = False
        self.raised = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a return in a finally, for one
            self._go(compile(text, "<program>", "exec"))

    def asked(self) -> bool:
        """What a program calls to know where to go."""
        self._asked += 1
        if self._asked > BUDGET:
            self.stopped = True
            raise Stop
        return self._rng.random() < 0.5

    def may(self) -> None:
        """Raise something, perhaps."""
        if self.asked():
            raise self._rng.choice([First, Second])

    def use(self, number: int, value: object) -> bool:
        """What a program calls to read a name."""
        self.found.append((number, value))
        return self.asked()

    def items(self, number: int) -> Iterator[Made]:
        """What programs loop over."""
        while self.asked():
            yield Made(number)

    def manager(self, number: int) -> Any:
        """What programs enter."""
        run = self

        class Manager:
            def __enter__(self) -> Made:
                run.may()
                return Made(number)

            def __exit__(self, kind: object, *rest: object) -> bool:
                return kind is not Stop and run.asked()

        return Manager()

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_name != "f" or self.stopped:
            return None
        if event == "line" and frame.f_lasti not in self._cleaning:
            self.lines.append(frame.f_lineno)
        if event == "exception" and arg[0] is UnboundLocalError:
            self.unbound.add(frame.f_lineno)
        return self._trace

    def _go(self, code: Any) -> None:
        names = {
            "asked": self.asked,
            "may": self.may,
            "use": self.use,
            "items": self.items,
            "Manager": self.manager,
            "Made": Made,
            "First": First,
            "Second": Second,
        }
        exec(code, names)
        self._cleaning = cleaning(names["f"].__code__)  # type: ignore[attr-defined]
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            self._finish(names["f"](Made(0)))  # type: ignore[operator]
        except (Exception, Stop):
            self.raised = True
        finally:
            sys.settrace(before)

    def _finish(self, result: Any) -> None:
        """Run a generator to its end, and now and then throw something into it."""
        if not hasattr(result, "throw"):
            return
        try:
            next(result)
            while True:
                if self._rng.random() < 0.3:
                    result.throw(First)
                else:
                    next(result)
        except StopIteration:
            pass


def definitions(function: ast.FunctionDef) -> dict[int, ast.AST]:
    """Return the nodes that bind what ``Made(number)`` and the like make."""
    found: dict[int, ast.AST] = {0: function.args.args[0]}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[target], value=value):
                pass
            case ast.AugAssign(target=target, value=value):
                pass
            case ast.NamedExpr(target=target, value=value):
                pass
            case ast.For(target=target, iter=value):
                pass
            case ast.withitem(context_expr=value, optional_vars=ast.Name() as target):
                pass
            case _:
                continue
        match value:
            case ast.Call(func=ast.Name(id="Made" | "items" | "Manager"), args=[ast.Constant(n)]):
                found[n] = target  # type: ignore[index]
    return found


def uses(function: ast.FunctionDef) -> dict[int, ast.AST]:
    """Return the nodes that ``use(number, ...)`` reads."""
    found = {}
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id="use"), args=[ast.Constant(number), name]):
                found[number] = name
    return found  # type: ignore[return-value]
