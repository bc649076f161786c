"""References that are given away, released or returned by who does not own them.

For each variable that a call or the caller has set, the references that the function owns
by it are counted. Of what is passed to a function that the table does not know, or stored,
nothing is known any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wadjet.model.finding import Finding, Level, Place
from wadjet.native.csource.functions import Function
from wadjet.native.csource.trees import arguments, bare, called, line, part, text, variable, walk
from wadjet.native.refs.rules.calls import Call, read
from wadjet.native.refs.rules.events import Report, Return, Rule, Setting, Usage, Use
from wadjet.native.refs.rules.known import Known

if TYPE_CHECKING:
    from tree_sitter import Node

CONSTANTS = frozenset({"Py_None", "Py_True", "Py_False", "Py_NotImplemented", "Py_Ellipsis"})
_OBJECT = re.compile(r"(?:const )?(?:struct )?\w+ \*")
_KEEPS = re.compile(r"\w+_(?:Set\w*|SET_\w+|Append|Insert|Add\w*|Update|Merge\w*|Extend)")
_TAKES_OUT = re.compile(r"\w+_(?:Set\w*|SET_\w+|Del\w*|Pop\w*|Clear|\w*Resize)")
_LOOKS = frozenset({"return_statement", "binary_expression", "unary_expression", "if_statement"})
_NOT_RETURNED = frozenset({"PyErr_Occurred", "PyModuleDef_Init"})


@dataclass(frozen=True, slots=True)
class Held:
    """What a variable holds. ``owned`` counts the references that the function has by it.

    ``whence`` and ``line`` say where it came from, ``shared`` that others may have it too;
    ``owner`` is the variable that a borrowed reference is from.
    ``given`` and ``released`` are the lines where the last reference went, ``taken`` the one
    where a reference was given away that there was not, and ``slot`` where to.
    """

    whence: str
    line: int
    owned: int
    shared: bool
    given: int = 0
    released: int = 0
    taken: int = 0
    slot: str = ""
    owner: str = ""


class References(Rule):
    """The rule."""

    def __init__(self, file: str, report: Report) -> None:
        super().__init__(file, report)
        self._function: Function | None = None
        self._increfed: frozenset[str] = frozenset()

    def starts(self, function: Function, known: Known) -> None:
        """Know the arguments and the constants, which are borrowed."""
        self._function = function
        self._increfed = frozenset(_increfed(function))
        for name in CONSTANTS:
            known.facts["refs", name] = Held(name, 0, 0, shared=True)
        if function.is_slot:
            for name in function.parameters:
                if _OBJECT.fullmatch(function.types[name]):
                    place = line(function.body)
                    known.facts["refs", name] = Held("an argument", place, 0, shared=True)

    def sets(self, setting: Setting, known: Known) -> None:
        """Hold what the table says of the call's result."""
        name, value = setting.name, setting.value
        self.leaves({name}, known)
        known.facts.pop(("refs", name), None)
        fact = value.fact if value is not None else None
        if fact is None or value is None or fact.result not in ("new", "borrowed"):
            return
        new = fact.result == "new"
        shared = not new or "fresh" not in fact.traits
        owners = value.arguments[fact.owner - 1 : fact.owner] if fact.owner else ()
        owner = variable(owners[0]) if owners else ""
        held = Held(value.name, value.line, int(new), shared, owner=owner)
        known.facts["refs", name] = held

    def calls(self, call: Call, known: Known) -> None:
        """Count what the call does with the references of its arguments."""
        if call.arguments and (not call.is_known or _TAKES_OUT.fullmatch(call.name)):
            for each in call.arguments:
                _disown(variable(each), known)
            _take_back(_slot(call), known)
        for number, each in enumerate(call.arguments):
            name = variable(each)
            if name:
                self._argument(name, call, number, known)
            elif each.type == "pointer_expression":
                self._pointer(variable(each.named_children[-1]), call, number, known)
            elif each.type == "call_expression":
                self._nested(each, call, number)

    def _argument(self, name: str, call: Call, number: int, known: Known) -> None:
        held = known.facts.get(("refs", name))
        if held is None:
            return
        effects = call.does(number)
        if "steals-on-success" in effects and held.owned <= 0:
            effects = frozenset({"steals"})  # it is wrong either way
        if effects & {"steals-on-success", "unknown", "anything"} or not call.is_known:
            known.facts.pop(("refs", name), None)
        elif "decrefs" in effects:
            self._release(name, held, call, known)
        elif held.released:
            self._late(held, name, call.line, f"passed to {call.name}")
            known.facts.pop(("refs", name), None)
        elif "increfs" in effects:
            known.facts["refs", name] = replace(held, owned=held.owned + 1)
        elif "steals" in effects:
            given = replace(held, owned=held.owned - 1, shared=True, given=call.line)
            taken = held.taken or (call.line if held.owned <= 0 else 0)
            known.facts["refs", name] = replace(given, taken=taken, slot=_slot(call))
        elif not held.shared and _keeps(call, number):
            known.facts["refs", name] = replace(held, shared=True)

    def _release(self, name: str, held: Held, call: Call, known: Known) -> None:
        owned = held.owned - 1
        if owned == -1 and held.owner:  # its owner may be given another in its place
            taken = replace(held, owned=owned, taken=call.line, slot="released")
            known.facts["refs", name] = taken
            return
        if owned >= 0:
            gone = call.line if owned == 0 and not held.shared else 0
            known.facts["refs", name] = replace(held, owned=owned, given=0, released=gone)
            return
        known.facts.pop(("refs", name), None)
        if name in CONSTANTS or (held.whence == "an argument" and self._is_self(name)):
            return
        if call.name in ("Py_SETREF", "Py_XSETREF"):
            return
        self._say("over-decref", f"`{name}` is released, {_why(held)}", call.line, held)

    def _pointer(self, name: str, call: Call, number: int, known: Known) -> None:
        """Know what a call leaves in ``&name``."""
        if not name:
            return
        known.facts.pop(("refs", name), None)
        effects = call.does(number)
        if call.name == "PyArg_UnpackTuple" and number >= 4:
            known.facts["refs", name] = Held(call.name, call.line, 0, shared=True)
        elif "gives" in effects:
            known.facts["refs", name] = Held(call.name, call.line, 1, shared=True)
        elif "lends" in effects:
            known.facts["refs", name] = Held(call.name, call.line, 0, shared=True)

    def _nested(self, node: Node, call: Call, number: int) -> None:
        """Report a borrowed result that is given away at once."""
        inner = read(node, frozenset())
        if self._lends(inner) and "steals" in call.does(number):
            message = f"the borrowed result of {inner.name} is given to {call.name}"
            self._say("stolen", f"{message}, which takes it over", call.line, None)

    def _lends(self, call: Call | None) -> bool:
        """Say whether a call's result is borrowed, and written nowhere in a Py_INCREF."""
        if call is None or call.fact is None or call.fact.result != "borrowed":
            return False
        return call.name not in _NOT_RETURNED and text(call.node) not in self._increfed

    def uses(self, usage: Usage, known: Known) -> None:
        """Report a look into what has been released; forget what gets another name."""
        name, use, node = usage.name, usage.use, usage.node
        if use is Use.POINTER:
            _disown(name, known)
        held = known.facts.get(("refs", name))
        if held is None or use is Use.READ:
            return
        if use is Use.POINTER:
            if held.released:
                self._late(held, name, line(node), "looked into")
                known.facts.pop(("refs", name), None)
        elif use is Use.ALIAS or not _is_parsed(node):
            self.leaves({name}, known)
            known.facts.pop(("refs", name), None)

    def returns(self, end: Return, known: Known) -> None:
        """Report a result that is not a reference of one's own."""
        function = self._function
        if end.value is None or function is None:
            return
        slot = function.is_slot and function.result.endswith("Object *")
        if slot and end.call is not None and self._lends(end.call):
            message = f"{function.name} returns the borrowed result of {end.call.name}"
            self._say("returned", message, line(end.node), None)
        if slot and _is_member_as_it_is(end.value, function):
            message = f"{function.name} returns the member `{text(end.value)}` without Py_INCREF"
            whence = Held(function.parameters[0], line(function.body), 0, shared=True)
            self._say("returned", message, line(end.node), whence)
        name = text(end.value)
        held = known.facts.pop(("refs", name), None)
        if held is not None and (held.released or (slot and held.owned <= 0 and not held.taken)):
            message = f"`{name}` is returned, {_why(held)}"
            self._say("returned", message, line(end.node), held)

    def leaves(self, names: set[str], known: Known) -> None:
        """Report references that were taken over, and that nobody has made up for."""
        for name in sorted(names | CONSTANTS if len(names) > 1 else names):
            held = known.facts.get(("refs", name))
            if held is not None and held.taken and held.owned < 0 and name not in CONSTANTS:
                why = _why(replace(held, given=0))
                released = held.slot == "released"
                rule, how = ("over-decref", "released") if released else ("stolen", "given away")
                self._say(rule, f"`{name}` is {how}, {why}", held.taken, held)
                known.facts.pop(("refs", name), None)

    def _is_self(self, name: str) -> bool:
        return self._function is not None and name == self._function.parameters[0]

    def _late(self, held: Held, name: str, place: int, how: str) -> None:
        self._say("use-after-decref", f"`{name}` is {how}, {_why(held)}", place, held)

    def _say(self, rule: str, message: str, place: int, held: Held | None) -> None:
        related = []
        if held is not None and held.line:
            related.append(Place(self._file, held.line, f"from {held.whence}"))
        if held is not None and (held.released or held.given):
            label = "released here" if held.released else "given away here"
            related.append(Place(self._file, held.released or held.given, label))
        where = Place(self._file, place)
        self._report(Finding(f"refs-{rule}", Level.ERROR, message, where, tuple(related)))


def _disown(owner: str, known: Known) -> None:
    """Forget what is borrowed from a variable that is changed, and may have let go of it."""
    if owner:
        lent = [
            key for key, each in known.facts.items() if key[0] == "refs" and each.owner == owner
        ]
        for key in lent:
            del known.facts[key]


def _increfed(function: Function) -> Iterator[str]:
    """Yield the calls whose results are increfed where they are made."""
    for node in walk(function.body):
        if node.type == "call_expression" and called(node) in ("Py_INCREF", "Py_XINCREF"):
            yield from (text(bare(each)) for each in arguments(node))


def _is_member_as_it_is(value: Node, function: Function) -> bool:
    """Say whether a member of self is returned that the function does nothing else with.

    Another use may take a reference, by way of a macro or a variable.
    """
    if value.type != "field_expression" or not function.parameters:
        return False
    holder = variable(part(value, "argument"))
    same = (each for each in walk(function.body) if each.type == value.type)
    uses = (_use_of(each) for each in same if text(each) == text(value))
    return holder == function.parameters[0] and all(each in _LOOKS for each in uses)


def _use_of(node: Node) -> str:
    """Return the kind of what an expression stands in, apart from casts."""
    up = node.parent
    while up is not None and up.type in ("parenthesized_expression", "cast_expression"):
        up = up.parent
    return up.type if up is not None else ""


def _slot(call: Call) -> str:
    """Return where a call puts an argument, as it is written."""
    return ", ".join(text(each) for each in call.arguments[:2])


def _take_back(slot: str, known: Known) -> None:
    """Forget what was given to a place that gets something else without a release."""
    for key, each in list(known.facts.items()):
        if key[0] == "refs" and each.taken and each.slot == slot:
            del known.facts[key]


def _why(held: Held) -> str:
    if held.released:
        return f"but its last reference was released in line {held.released}"
    if held.given:
        return f"but its reference was given away in line {held.given}"
    if held.whence in CONSTANTS:
        return "without Py_INCREF, which versions before 3.12 need"
    if held.whence == "an argument":
        return "but it is an argument, which is borrowed"
    if held.owned <= 0 and held.whence:
        return f"but {held.whence} in line {held.line} left no reference of one's own"
    return "but it is not one's own"


def _keeps(call: Call, number: int) -> bool:
    """Say whether a call may store an argument, or what it makes may hold it."""
    fact = call.fact
    if fact is None:
        return False
    stored = number > 0 and _KEEPS.fullmatch(call.name) is not None
    return stored or fact.result == "new" or "runs" in fact.traits


def _is_parsed(node: Node) -> bool:
    """Say whether ``&x`` stands as an argument, where the call says what becomes of x."""
    up = node.parent
    return up is not None and up.parent is not None and up.parent.type == "argument_list"
