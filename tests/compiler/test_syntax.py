"""What later versions of the language have is as it was by way of all passes."""

from __future__ import annotations

import sys

import pytest

from wadjet.compiler.catalog import PASSES
from wadjet.pipeline.equivalence import difference

SINCE = {
    "match": (
        (3, 10),
        """
def f(x):
    match x:
        case -1 | 2.5 | "a" "b": return "value"
        case {"a": [1, *rest], **more} if len("abc") == 3: return rest, more
        case str() | bytes() as found: return found.upper() + "a".upper()
        case [complex(real=1.0), (2 - 3j)]: return "complex"
    return 2 * 3
print([f(x) for x in (-1, 2.5, "ab", {"a": [1, 2], "b": 3}, "x", [1 + 1j, 2 - 3j], None)])
""",
    ),
    "groups of exceptions": (
        (3, 11),
        """
def f(*errors):
    try: raise ExceptionGroup("a".upper(), [*errors])
    except* (TypeError, ValueError) as e: print("one", len(e.exceptions) + 2 * 3)
    except* OSError: print("other")
    finally: print("ab"[1])
f(TypeError()); f(TypeError(), OSError("a" "b")); f(ValueError(), ValueError())
""",
    ),
    "quotes and backslashes in f-strings": (
        (3, 12),
        """
x = 1
print(f'{"a" + '\\n'.join(["b", f"{x}{2 * 3}"])}', f"{x!r:>{2 * 3}}")
print(f"{2 * 3 = }", f"{'a'.upper()}")
""",
    ),
    "type parameters": (
        (3, 12),
        """
type Pair[T] = tuple[T, 2 * 3]
class Box[T: (int, str)]:
    def get[U](self, x: U = 2 * 3) -> "T": return x, T.__name__
def first[T](xs: list[T]) -> T: return xs["ab".find("b")]
print(Pair.__value__, Pair.__type_params__, Box[int].__origin__, Box().get(), first([1, 2]))
print(first.__annotations__, Box.get.__type_params__)
""",
    ),
    "defaults of type parameters": (
        (3, 13),
        """
class Box[T = (2 * 3), *Ts = *tuple[int, "a".upper()]]: pass
print([each.__default__ for each in Box.__type_params__])
""",
    ),
    "template strings": (
        (3, 14),
        """
x = 1
made = t"{x!r:>{2 * 3}} {2 * 3} {'a'.upper()} b"
print(made.strings)
print([(i.value, i.expression, i.conversion, i.format_spec) for i in made.interpolations])
""",
    ),
    "except without parentheses": (
        (3, 14),
        """
try: {}["a".upper()]
except KeyError, IndexError: print(2 * 3)
""",
    ),
    "annotations that wait": (
        (3, 14),
        """
class A:
    x: missing[2 * 3]
    y: "a".upper() = 2 * 3
import annotationlib
print(annotationlib.get_annotations(A, format=annotationlib.Format.STRING), A.y)
""",
    ),
    "lazy imports": (
        (3, 15),
        """
import sys
sys.modules.pop("colorsys", None)
lazy import this as other
lazy from colorsys import rgb_to_hsv, nothing_there
print("this" in sys.modules, "colorsys" in sys.modules, 2 * 3)
print(rgb_to_hsv(1, 0, "abc".find("a")))
try: nothing_there
except ImportError as error: print(type(error).__name__)
print("this" in sys.modules)
""",
    ),
    "unpacking in comprehensions": (
        (3, 15),
        """
print([*each for each in ([1, 2], ("a".upper(),))], {**each for each in [{1: 2 * 3}]})
print([*(*each for each in [[len("abc")]])])
""",
    ),
}


@pytest.mark.parametrize("name", SINCE)
def test_syntax_of_later_versions_is_as_it_was(name: str) -> None:
    since, text = SINCE[name]
    if sys.version_info < since:
        pytest.skip(f"since Python {since[0]}.{since[1]}")
    compile(text, "program", "exec", dont_inherit=True)
    assert difference(text, *PASSES) is None
