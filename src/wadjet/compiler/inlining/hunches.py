"""Of which classes of a module an expression may be, by what the module's text binds to names.

>>> from wadjet.compiler.inlining.classes import seen
>>> from wadjet.pipeline.meaning.scopes import resolve
>>> from wadjet.pipeline.unit import Facts
>>> tree = ast.parse('''
... class Point:
...     def __init__(self, x): self.x = x
...     def __sub__(self, other): return Point(self.x - other.x)
... class Ball:
...     def __init__(self, centre): self.centre = centre
... balls = []
... balls.append(Ball(Point(3)))
... def move(by):
...     for ball in balls:
...         print(ball.centre - by)
... ''')
>>> scopes = resolve(tree)
>>> hunches = Hunches(tree, Classes(Facts("a.py", tree), scopes, seen(tree)), scopes)
>>> difference = tree.body[-1].body[0].body[0].value.args[0]
>>> [each.name for each in hunches.of(difference)], hunches.of(difference.right)
(['Point'], [])

Attributes of one name are one, and so are a container and what is in it; nothing is followed
out of the module. It is no proof: a guard must stand before what relies on it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping

from wadjet.compiler.inlining.classes import Class, Classes
from wadjet.pipeline.meaning.scopes import Scopes
from wadjet.pipeline.tree import walk

_ROUNDS = 6
"""As often as what is known is carried one step further."""

OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.MatMult: "__matmul__",
    ast.Div: "__truediv__",
    ast.FloorDiv: "__floordiv__",
    ast.Mod: "__mod__",
    ast.BitAnd: "__and__",
    ast.BitOr: "__or__",
    ast.BitXor: "__xor__",
}
"""The method that an operator asks its left operand for."""

_ADDING = ("append", "add", "appendleft")


class Hunches:
    """What the text of a module says that its names are bound to."""

    def __init__(self, tree: ast.Module, classes: Classes, scopes: Scopes) -> None:
        self._classes = classes
        self._scopes = scopes
        self._known: dict[Hashable, set[Class]] = defaultdict(set)
        self._functions = {
            each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)
        }
        self._methods: dict[str, list[ast.FunctionDef]] = defaultdict(list)
        for kind in classes.by_name.values():
            for name, method in kind.methods.items():
                self._methods[name].append(method)
                self._take_self(kind, method)
        steps = [*_steps(tree)]
        for _ in range(_ROUNDS):
            before = sum(map(len, self._known.values()))
            for function, node in steps:
                self._take(function, node)
            if sum(map(len, self._known.values())) == before:
                break

    def _take_self(self, kind: Class, method: ast.FunctionDef) -> None:
        for parameter in [*method.args.posonlyargs, *method.args.args][:1]:
            self._bind(ast.Name(parameter.arg), {*kind.below()}, parameter)

    def of(self, node: ast.AST) -> list[Class]:
        """Return the classes, in the order of the module."""
        found = self._of(node)
        return [each for each in self._classes.by_name.values() if each in found]

    def _of(self, node: ast.AST) -> set[Class]:
        match node:
            case ast.Name():
                binding = self._scopes.find(node)
                return self._known.get(binding.variable, set()) if binding else set()
            case ast.Attribute(attr=name):
                return self._known.get(name, set())
            case ast.Call(func):
                return self._called(func)
            case ast.BinOp(left, sign):
                return self._found_on(self._of(left), OPERATORS.get(type(sign), ""))
            case ast.Subscript(value) | ast.Starred(value):
                return self._of(value)
            case ast.List(elts) | ast.Tuple(elts):
                return {each for item in elts for each in self._of(item)}
            case ast.IfExp(_, one, other):
                return self._of(one) | self._of(other)
            case ast.ListComp(elt):
                return self._of(elt)
        return set()

    def _called(self, function: ast.expr) -> set[Class]:
        match function:
            case ast.Name(name) if name in self._classes.by_name:
                return {self._classes.by_name[name]}
            case ast.Name(name) if name in self._functions:
                return self._known.get(self._functions[name], set())
            case ast.Attribute(value, name):
                return self._found_on(self._of(value), name) if name in self._methods else set()
        return set()

    def _found_on(self, receivers: set[Class], name: str) -> set[Class]:
        """Return what the methods of a name come to, on some classes."""
        methods = [each.method(name) for each in receivers]
        return {each for method in methods if method for each in self._known.get(method, ())}

    def _take(self, function: ast.AST | None, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets, value):
                found = self._of(value)
                for each in targets if found else ():
                    self._bind(each, found, each)
            case ast.For(target, iterable):
                self._bind(target, self._of(iterable), target)
            case ast.Return(ast.expr() as value) if function is not None:
                self._known[function] |= self._of(value)
            case ast.Call(ast.Attribute(value, name), [given]) if name in _ADDING:
                self._bind(value, self._of(given), value)
                self._give(node)
            case ast.Call():
                self._give(node)

    def _bind(self, target: ast.expr, found: set[Class], place: ast.AST) -> None:
        if not found:
            return
        match target:
            case ast.Name():
                binding = self._scopes.find(place)
                if binding is not None:
                    self._known[binding.variable] |= found
            case ast.Attribute(attr=name):
                self._known[name] |= found
            case ast.Subscript(value):
                self._bind(value, found, value)
            case ast.Tuple(elts) | ast.List(elts):
                for each in elts:
                    self._bind(each, found, each)

    def _give(self, call: ast.Call) -> None:
        """Bind the parameters of whatever a call may run."""
        methods: list[ast.FunctionDef] = []
        bound = 1
        match call.func:
            case ast.Name(name) if name in self._classes.by_name:
                method = self._classes.by_name[name].method("__init__")
                methods = [method] if method else []
            case ast.Name(name) if name in self._functions:
                methods, bound = [self._functions[name]], 0
            case ast.Attribute(attr=name):
                methods = self._methods.get(name, [])
        for method in methods:
            parameters = [*method.args.posonlyargs, *method.args.args][bound:]
            for parameter, given in zip(parameters, call.args, strict=False):
                self._bind(ast.Name(parameter.arg), self._of(given), parameter)


def _steps(tree: ast.Module) -> Iterator[tuple[ast.AST | None, ast.AST]]:
    """Yield what binds names or gives arguments, with the function that it stands in."""
    for node in walk(tree):
        if isinstance(node, ast.Assign | ast.For | ast.Call):
            yield None, node
        elif isinstance(node, ast.FunctionDef):
            for each in walk(node):
                if isinstance(each, ast.Return):
                    yield node, each
