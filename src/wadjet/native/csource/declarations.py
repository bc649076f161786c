"""The functions that a C header declares, read from preprocessed text.

>>> declarations("extern PyObject *PyX_Get(PyObject *, const char name[]); int f(void) { }")
{'PyX_Get': Declaration(result='PyObject *', parameters=('PyObject *', 'const char *'), \
variadic=False)}
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from wadjet.errors import UnsupportedError

_ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)|__extension__|_Noreturn")
_FUNCTION = re.compile(
    r"(?:(?:extern|static|inline|__inline__|__inline)\s+)*"
    r"(?P<result>[\w\s*]+?)\s*\(?\b(?P<name>_?Py\w+)\)?\s*\((?P<parameters>.*)\)"
)
_WORDS = frozenset(
    {"char", "int", "long", "short", "unsigned", "signed", "double", "float", "void"}
)
_INCLUDES = "#define PY_SSIZE_T_CLEAN\n#include <Python.h>\n#include <structmember.h>\n"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A function's types as they are written, without the names of parameters."""

    result: str
    parameters: tuple[str, ...]
    variadic: bool = False


def declarations(text: str) -> dict[str, Declaration]:
    """Return the functions with ``Py`` names that preprocessed C declares or defines.

    Those that take pointers to functions, written out, are left out.
    """
    found = {}
    for statement in _statements(text):
        match = _FUNCTION.fullmatch(statement)
        if match is None or "(" in match["parameters"] or match["result"].startswith("typedef"):
            continue
        words = [each.strip() for each in match["parameters"].split(",")]
        types = tuple(_type(each) for each in words if each not in ("void", "", "..."))
        found[match["name"]] = Declaration(match["result"].strip(), types, "..." in words)
    return found


@cache
def of_python(compiler: tuple[str, ...], includes: tuple[str, ...]) -> dict[str, Declaration]:
    """Return what Python.h of the folder ``includes`` declares; raises UnsupportedError."""
    return declarations(_preprocessed(compiler, includes))


@cache
def macros_of_python(compiler: tuple[str, ...], includes: tuple[str, ...]) -> frozenset[str]:
    """Return the macros that Python.h defines."""
    text = _preprocessed((*compiler, "-dM"), includes)
    return frozenset(re.findall(r"^#define (_?Py\w+)\b", text, re.MULTILINE))


def _preprocessed(compiler: Sequence[str], includes: Sequence[str]) -> str:
    command = [*compiler, "-E", "-P", *(f"-I{each}" for each in includes), "-xc", "-"]
    try:
        done = subprocess.run(command, input=_INCLUDES, capture_output=True, text=True, check=False)
    except OSError as error:
        raise UnsupportedError(
            f"the C compiler {compiler[0]} cannot be run ({error.strerror})", "install one"
        ) from None
    if done.returncode:
        first = next((line for line in done.stderr.splitlines() if "error" in line), "no reason")
        raise UnsupportedError(
            f"Python.h cannot be read: {first}", "install the headers, such as python3-dev"
        )
    return done.stdout


def _statements(text: str) -> Iterator[str]:
    """Yield what stands outside of braces, each up to its semicolon or body."""
    outside, depth = [], 0
    for part in re.split(r"([{}])", re.sub(r"^#.*$", "", text, flags=re.MULTILINE)):
        if part == "{":
            depth += 1
        elif part == "}":
            depth -= 1
            outside.append(";" if depth == 0 else "")
        elif depth == 0:
            outside.append(part)
    for statement in "".join(outside).split(";"):
        yield " ".join(_ATTRIBUTE.sub(" ", statement).split())


def _type(parameter: str) -> str:
    """Return the type of a parameter, without its name."""
    bare, arrays = re.subn(r"\[[^\]]*\]", "", parameter)
    tokens = re.findall(r"\w+|\*", bare)
    named = len(tokens) > 1 and tokens[-1] != "*" and tokens[-1] not in {*_WORDS, "const"}
    if named and tokens[-2] not in ("const", "struct", "enum"):
        tokens.pop()
    return " ".join(tokens + ["*"] * arrays)
