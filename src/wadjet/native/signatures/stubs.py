"""What stub files say: those that a package ships, and typeshed's where mypy is installed."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from wadjet.native.signatures.shape import Kind, Parameter, Shape
from wadjet.target.behavior import VERSION

Names = dict[str, list[tuple[int, Shape]]]
"""Of each dotted name its signatures (more than one where overloaded), each with its line."""


def stub_of(module: str) -> Path | None:
    """Return the stub file of a module, None where there is none."""
    for folder, name in _folders(module):
        for path in (folder / f"{name}.pyi", folder / name / "__init__.pyi"):
            if path.is_file():
                return path
    return None


def _folders(module: str) -> Iterator[tuple[Path, str]]:
    """Yield folders where the stub of a module may be, and what it is called there."""
    top, *rest = module.split(".")
    name = rest[-1] if rest else top
    for path in map(Path, sys.path):
        parts = [f"{top}-stubs", *rest[:-1]] if rest else []
        yield path.joinpath(*parts) if rest else path, name if rest else f"{top}-stubs"
        yield path.joinpath(top, *rest[:-1]) if rest else path, name
    typeshed = _typeshed()
    if typeshed is not None:
        yield typeshed.joinpath(top, *rest[:-1]) if rest else typeshed, name


@cache
def _typeshed() -> Path | None:
    spec = importlib.util.find_spec("mypy")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / "typeshed" / "stdlib"
    return path if path.is_dir() else None


@cache
def signatures(path: Path) -> Names:
    """Return what a stub file says; nothing where it is no Python."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {}
    found: Names = {}
    _collect(tree.body, "", found)
    return found


def _collect(body: list[ast.stmt], prefix: str, found: Names) -> None:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            static = not prefix or _is_decorated(node, "staticmethod")
            shape = _shape(node.args, bound=not static)
            found.setdefault(prefix + node.name, []).append((node.lineno, shape))
        elif isinstance(node, ast.ClassDef):
            _collect(node.body, f"{prefix}{node.name}.", found)
        elif isinstance(node, ast.If):
            holds = _holds(node.test)
            if holds is not False:
                _collect(node.body, prefix, found)
            if holds is not True:
                _collect(node.orelse, prefix, found)


def _is_decorated(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in node.decorator_list)


def _holds(test: ast.expr) -> bool | None:
    """Whether a condition on the version or the platform holds; None where it is another."""
    try:
        code = compile(ast.Expression(test), "<stub>", "eval")
        facts = {"version_info": VERSION, "platform": sys.platform}
        names = {"sys": type("sys", (), facts), "TYPE_CHECKING": True, "__builtins__": {}}
        return bool(eval(code, names)) if _is_plain(test) else None
    except Exception:
        return None


def _is_plain(test: ast.expr) -> bool:
    """Whether an expression does nothing but compare."""
    allowed = (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Attribute, ast.Name, ast.Constant)
    parts = (ast.Tuple, ast.Subscript, ast.expr_context, ast.cmpop, ast.boolop, ast.unaryop)
    return all(isinstance(each, (*allowed, *parts)) for each in ast.walk(test))


def _shape(arguments: ast.arguments, *, bound: bool) -> Shape:
    placed = [*arguments.posonlyargs, *arguments.args]
    missing = len(placed) - len(arguments.defaults)
    made = []
    for at, each in enumerate(placed):
        hidden = each.arg.startswith("__") and not each.arg.endswith("__")
        kind = Kind.PLACE if at < len(arguments.posonlyargs) or hidden else Kind.EITHER
        default = "" if at < missing else _text(arguments.defaults[at - missing])
        made.append(Parameter(each.arg.lstrip("_") if hidden else each.arg, kind, default))
    made = made[1:] if bound else made
    if arguments.vararg:
        made.append(Parameter(arguments.vararg.arg, Kind.REST))
    for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        made.append(Parameter(each.arg, Kind.NAME, "" if value is None else _text(value)))
    if arguments.kwarg:
        made.append(Parameter(arguments.kwarg.arg, Kind.NAMES))
    return Shape(tuple(made))


def _text(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, ast.Constant | ast.UnaryOp) else "..."


def of(module: str, name: str, *, is_type: bool) -> list[tuple[Path, int, Shape]]:
    """Return the signatures that the stub of a module gives for a name within it."""
    path = stub_of(module)
    if path is None:
        return []
    found = signatures(path)
    names = [f"{name}.__init__", f"{name}.__new__"] if is_type else [name]
    for each in names:
        if each in found:
            return [(path, line, shape) for line, shape in found[each]]
    return []
