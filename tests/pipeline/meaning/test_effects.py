"""What is said to do nothing does nothing, whatever its names stand for."""

from __future__ import annotations

import ast
import warnings
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wadjet.pipeline.meaning.chains import chain
from wadjet.pipeline.meaning.effects import Effects, Facts, Raises
from wadjet.pipeline.meaning.scopes import resolve
from wadjet.target.behavior import LAZY_IMPORTS


class Watched:
    """Tells of whatever is done to it; does what it is asked, or raises."""

    log: list[str]
    raises = False

    def _told(self, *arguments: Any) -> Any:
        self.log.append("something")
        if self.raises:
            raise LookupError
        return 1

    def __bool__(self) -> bool:
        return bool(self._told())

    def __hash__(self) -> int:
        return int(self._told())

    def __format__(self, spec: str) -> str:
        return str(self._told())

    def __repr__(self) -> str:
        return str(self._told())

    def __iter__(self) -> Any:
        return iter([self._told()])

    def __len__(self) -> int:
        return int(self._told())

    def __getattr__(self, name: str) -> Any:
        return self._told()

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __ne__ = _told
    __contains__ = __getitem__ = __call__ = __neg__ = __invert__ = __pos__ = _told
    for _name in [
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "lshift",
        "rshift",
        "and",
        "or",
        "xor",
    ]:
        locals()[f"__{_name}__"] = locals()[f"__r{_name}__"] = _told


PLAIN = ["1", "0", "2.5", "'a'", "''", "b'c'", "None", "True", "...", "3j", "100000000000000000000"]
NAMES = ["a", "b", "c", "d", "G", "len", "id", "nowhere"]
VALUES = [1, 0, "a", None, (), [1], 2.5, b"c", {"a": 1}]


def extended(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions made of others."""

    def of(template: str) -> st.SearchStrategy[str]:
        return st.tuples(*[inner] * template.count("{}")).map(lambda each: template.format(*each))

    return st.sampled_from(
        [
            "({}, {})", "[{}, *{}]", "{{{}, {}}}", "{{{}: {}}}", "{{**{}, 1: {}}}",
            "(not {})", "(-{})", "(~{})", "(+{})", "({} and {})", "({} or {})",
            "({} if {} else {})", "({} is {})", "({} == {})", "({} < {} < {})", "({} in ({}, {}))",
            "({} in {})", "({} + {})", "({} * {})", "({} / {})", "({} // {})",
            "({} % {})", "({} & {})", "({} >> {})", "({} - {})", "({})[{}]", "({}).real",
            "({}).join", "({}).missing", "len({})", "id({})", "bool({})", "callable({})",
            "type({})", "(lambda x={}: {})", "(q for q in {})", "[q for q in {}]", "f'{{{}}}'",
            "f'{{{}!r}}'", "f'{{{}:>5}}'", "({})({})", "(w := {})",
        ]
    ).flatmap(of)  # fmt: skip


EXPRESSIONS = st.recursive(st.sampled_from(PLAIN + NAMES), extended, max_leaves=6)


def facts(text: str) -> tuple[Any, Facts]:
    """Compile a function that evaluates an expression, with locals of which one may be missing."""
    whole = f"G = 1\ndef f(a, b, c):\n    if c is 1: d = a\n    return {text}\n"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(whole)
            code = compile(tree, "<expression>", "exec")
        except (SyntaxError, ValueError):
            assume(False)
    function = tree.body[1]
    assert isinstance(function, ast.FunctionDef)
    scopes = resolve(tree)
    found = Effects(scopes, chain(scopes, function))
    statement = function.body[1]
    assert isinstance(statement, ast.Return)
    assert statement.value is not None
    return code, found.of(statement.value)


ALLOWED = {
    NameError: Raises.NAME,
    AttributeError: Raises.ATTRIBUTE | Raises.ANYTHING,
    LookupError: Raises.ANYTHING | Raises.OTHER,
    Exception: Raises.OTHER | Raises.ANYTHING,
}


@settings(max_examples=300)
@given(EXPRESSIONS, st.data())
def test_what_is_said_not_to_happen_does_not(text: str, data: st.DataObject) -> None:
    code, said = facts(text)
    log: list[str] = []
    kinds = [
        type("Watched", (Watched,), {"log": log, "raises": raises}) for raises in (False, True)
    ]
    values = [*VALUES, *(kind() for kind in kinds)]
    value = st.integers(0, len(values) - 1).map(values.__getitem__)
    names: dict[str, Any] = {}
    exec(code, names)
    if data.draw(st.booleans()):
        names["G"] = data.draw(value)
    arguments = [data.draw(value) for _ in range(3)]
    results = []
    raised: Exception | None = None
    for _ in range(2):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", BytesWarning)
                warnings.simplefilter("error", DeprecationWarning)
                results.append(names["f"](*arguments))
        except MemoryError:
            return
        except Exception as error:
            raised = error
    if raised:
        kind = next(each for each in ALLOWED if isinstance(raised, each))
        assert said.raises & ALLOWED[kind], (text, raised)
        return
    assert said.acts or not log, text
    if said.type and results:
        assert results[0].__class__ is said.type, text
    if said.is_constant and not log:
        assert repr(results[0]) == repr(results[1]), text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(1, 'a', None)", "constant"),
        ("a", "pure"),
        ("d", "raises name"),
        ("G", "varies, raises name"),
        ("[a, b]", "fresh"),
        ("a is None", "pure"),
        ("not (a is b)", "pure"),
        ("1 / 0", "raises other"),
        ("'a' if 1 else 'b'", "constant"),
        ("'%s'.join", "fresh"),
        ("(1).missing", "fresh, raises attribute"),
        ("f'{1}{True}'", "constant"),
        ("lambda: a.b", "fresh"),
        ("len('abc') + 1", "pure"),
        ("callable(a)", "pure"),
        ("'a' in 'abc' and 1 < 2.5", "constant"),
    ],
)
def test_what_passes_live_on_is_known(text: str, expected: str) -> None:
    assert str(facts(text)[1]) == expected


@pytest.mark.parametrize(
    "text",
    ["not a", "a == b", "f'{a}'", "{a}", "{a: 1}", "-a", "a[0]", "a.b", "a()", "len(a)", "(w := 1)",
     "[*a]", "1 in a", "(yield)", "f'{1:{a}}'", "{**a}", "[q for q in 'a']", "a and b", "str(1)",
     "2 ** 3"],
)  # fmt: skip
def test_what_may_run_code_may_do_everything(text: str) -> None:
    said = facts(text)[1]
    assert said.acts
    assert said.raises & Raises.ANYTHING


def test_the_names_that_are_read_are_told() -> None:
    assert facts("a.x + (b if c else len)")[1].names == {"a", "b", "c", "len"}


def told(text: str) -> str:
    tree = ast.parse(text)
    node = next(each for each in ast.walk(tree) if isinstance(each, ast.Return)).value
    assert node is not None
    return str(Effects(resolve(tree)).of(node))


def test_a_global_that_is_imported_may_be_imported_when_it_is_read() -> None:
    assert told("import a\ndef f(): return a").startswith("acts") is LAZY_IMPORTS
    assert told("def a(): pass\ndef f(): return a") == "varies, raises name"


def test_the_depth_of_an_expression_does_not_matter() -> None:
    node: ast.expr = ast.Constant(1)
    for _ in range(20_000):
        node = ast.BinOp(node, ast.Add(), ast.Constant(1))
    tree = ast.Module([ast.Expr(node)], [])
    assert Effects(resolve(tree)).of(node).is_constant
    while isinstance(node, ast.BinOp):  # one by one, as the interpreter frees trees recursively
        node = node.left
