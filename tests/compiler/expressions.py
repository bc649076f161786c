"""Expressions of constants for hypothesis, such as people do not write."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = st.sampled_from(["x", "y", "rows"])
NUMBERS = st.one_of(
    st.integers(-3, 12).map(str),
    st.sampled_from(["0.0", "-0.0", "1.5", "1e308", "2j", "True", "None", "10**40", "..."]),
)
TEXTS = st.sampled_from(
    ["''", "'a'", "'a b'", "'Ab-%s'", "'%d%%'", "'é'", "b'ab'", "b''", "'\\ud800'"]
)
_OPERATORS = "+ - * / // % << >> & | ^ < <= > >= == != in"
OPERATORS = st.sampled_from([*_OPERATORS.split(), "not in"])
_METHODS = """
    upper lower strip split join replace encode decode center zfill find index count startswith
    bit_length is_integer hex partition title isdigit to_bytes format splitlines conjugate
"""
METHODS = st.sampled_from(_METHODS.split())
EXPONENTS = st.sampled_from(["-2", "0", "2", "0.5", "2j", "'a'"])  # others may take for ever
CONVERSIONS = st.sampled_from(["", "!r", "!s", "!a"])
SPECS = st.sampled_from(["", ":>5", ":05d", ":.2f", ":x", ":n", ":,", ":99999999999"])


def _call(parts: tuple[str, str, list[str]]) -> str:
    owner, method, arguments = parts
    return f"({owner}).{method}({', '.join(arguments)})"


def _formatted(parts: list[tuple[str, str, str]]) -> str:
    fields = "-".join(f"{{({each}){conversion}{spec}}}" for each, conversion, spec in parts)
    return f'f"{fields}"' if '"' not in fields and "\\" not in fields else "''"


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=1, max_size=3)
    plain = inner.filter(lambda text: "'" not in text and 'f"' not in text)
    return st.one_of(
        st.tuples(inner, OPERATORS, inner).map(lambda each: f"({each[0]} {each[1]} {each[2]})"),
        st.tuples(inner, EXPONENTS).map(lambda each: f"({each[0]} ** {each[1]})"),
        st.tuples(inner, METHODS, st.lists(inner, max_size=2)).map(_call),
        several.map(lambda items: f"({', '.join(items)},)"),
        several.map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(inner, inner, inner).map(lambda each: f"({each[0]} if {each[1]} else {each[2]})"),
        st.lists(st.tuples(plain, CONVERSIONS, SPECS), min_size=1, max_size=3).map(_formatted),
        inner.map(lambda text: f"(not {text})"),
    )


CONSTANT = st.recursive(st.one_of(NUMBERS, TEXTS), _grown, max_leaves=8)
"""Expressions without names."""

EXPRESSIONS = st.recursive(st.one_of(NUMBERS, TEXTS, NAMES), _grown, max_leaves=8)
"""Expressions in which ``x``, ``y`` and ``rows`` may be read."""
