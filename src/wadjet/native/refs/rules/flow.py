"""A way through a function: its statements in the order in which they run.

Where the way divides, each branch is gone apart, and only what all agree in is known behind
them. Loops and switches forget what is changed in them, labels and macros of the project
forget all: what is said holds on a straight line, whatever else the function does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from wadjet.native.csource.functions import Function
from wadjet.native.csource.trees import bare, part, text, variable, walk
from wadjet.native.refs.rules.calls import Call, read
from wadjet.native.refs.rules.conditions import changed, declared, first_name, nulls
from wadjet.native.refs.rules.events import Return, Rule, Setting, Usage, Use
from wadjet.native.refs.rules.known import Known

if TYPE_CHECKING:
    from tree_sitter import Node

_ENDING = ("Py_RETURN_", "Py_UNREACHABLE", "RETURN_NONE")
_NEVER_BACK = frozenset({"abort", "exit", "_exit", "longjmp", "Py_FatalError", "Py_UNREACHABLE"})
_ALTERNATIVES = ("preproc_elif", "preproc_else", "preproc_elifdef")
_JUMPS = ("goto_statement", "break_statement", "continue_statement", "throw_statement")
_LOOPS = ("while_statement", "for_statement", "do_statement", "for_range_loop")


class Flow:
    """The way through one function, told to rules."""

    def __init__(self, function: Function, macros: frozenset[str], rules: list[Rule]) -> None:
        self.function = function
        self._macros = macros
        self._rules = rules
        self._known = Known()

    def follow(self) -> None:
        """Go through the function."""
        for rule in self._rules:
            rule.starts(self.function, self._known)
        if self._statement(self.function.body):
            self._leave(set(self.function.types))

    # Statements: each returns whether the way goes on behind it.

    def _statement(self, node: Node) -> bool:
        kind = node.type
        if kind in _JUMPS:
            return False
        if kind in _LOOPS:
            return self._loop(node)
        if kind.startswith("preproc_"):
            return self._alternatives(node)
        named = kind.removesuffix("_statement")
        handler: Callable[[Node], bool] | None = getattr(self, f"_on_{named}", None)
        if handler is not None:
            return handler(node)
        if kind.endswith(("_statement", "_clause", "definition", "declaration")):
            self._known.facts.clear()  # of a kind that is not followed: try, asm, templates
        return True

    def _on_compound(self, node: Node) -> bool:
        goes_on = self._sequence(node.named_children)
        inside = [each for each in node.named_children if each.type == "declaration"]
        names = {variable for each in inside for variable in declared(each)}
        if goes_on:
            self._leave(names)
        return goes_on

    def _sequence(self, nodes: list[Node]) -> bool:
        alive = True
        for each in nodes:
            if not alive and any(node.type == "labeled_statement" for node in walk(each)):
                alive, self._known = True, Known()
            if alive:
                alive = self._statement(each)
        return alive

    def _on_declaration(self, node: Node) -> bool:
        for each in node.children_by_field_name("declarator"):
            name = first_name(each)
            value = each.child_by_field_name("value")
            if value is not None:
                self._set(name, value, tested=False)
            elif name:
                self._tell_set(name, None, tested=False)
        return True

    def _on_expression(self, node: Node) -> bool:
        inner = next((each for each in node.named_children if each.type != "comment"), None)
        if inner is None:
            return True
        if inner.type == "identifier":
            if text(inner).startswith(_ENDING):
                self._return(None, None, inner)
                return False
            if text(inner) in self._macros or text(inner).isupper():
                self._known.facts.clear()
            return True
        self._value(inner, tested=False)
        call = read(inner, self._macros) if inner.type == "call_expression" else None
        return call is None or call.name not in _NEVER_BACK

    def _on_return(self, node: Node) -> bool:
        value = next((each for each in node.named_children if each.type != "comment"), None)
        inner = bare(value) if value is not None else None
        call = None
        if inner is not None and inner.type == "call_expression":
            call = read(inner, self._macros)
        if value is not None and not (inner is not None and inner.type == "identifier"):
            self._value(value)
        self._return(inner, call, node)
        return False

    def _on_if(self, node: Node) -> bool:
        condition = part(node, "condition")
        self._value(condition)
        no = node.child_by_field_name("alternative")
        ways = [
            self._branch(part(node, "consequence"), nulls(condition, when=True)),
            self._branch(no, nulls(condition, when=False)),
        ]
        return self._join(ways)

    def _on_else_clause(self, node: Node) -> bool:
        return self._sequence(node.named_children)

    def _branch(self, node: Node | None, without: set[str]) -> Known | None:
        """Go a branch apart; return what is known at its end, None where it does not end."""
        before, self._known = self._known, self._known.copy()
        self._known.forget(without)
        goes_on = node is None or self._statement(node)
        after, self._known = self._known, before
        return after if goes_on else None

    def _join(self, ways: list[Known | None]) -> bool:
        ended = [each for each in ways if each is not None]
        self._known = Known.agreed(ended)
        return bool(ended)

    def _loop(self, node: Node) -> bool:
        self._known.forget(changed(node, self._macros))
        mentioned = {text(each) for each in walk(node) if each.type == "identifier"}
        before, self._known = self._known, self._known.copy()
        endless = node.type == "for_statement" and node.child_by_field_name("condition") is None
        for field in ("initializer", "condition"):
            each = node.child_by_field_name(field)
            if each is not None and each.type == "declaration":
                self._on_declaration(each)
            elif each is not None:
                self._value(each)
        self._statement(part(node, "body"))
        self._known = before
        self._known.forget(mentioned)
        leaves = any(each.type in ("break_statement", "goto_statement") for each in walk(node))
        return leaves or not endless

    def _on_switch(self, node: Node) -> bool:
        self._value(part(node, "condition"))
        self._known.forget(changed(node, self._macros))
        mentioned = {text(each) for each in walk(node) if each.type == "identifier"}
        before = self._known
        for each in part(node, "body").named_children:
            self._known = before.copy()
            self._statement(each)
        self._known = before
        self._known.forget(mentioned)
        return True

    def _on_case(self, node: Node) -> bool:
        value = node.child_by_field_name("value")
        rest = [each for each in node.named_children if each != value]
        return self._sequence(rest)

    def _on_labeled(self, node: Node) -> bool:
        self._known = Known()
        return self._sequence(node.named_children[1:])

    def _alternatives(self, node: Node) -> bool:
        """Go through what stands between #if and #else, and behind it."""
        if node.type not in ("preproc_if", "preproc_ifdef", *_ALTERNATIVES):
            return True
        other = node.child_by_field_name("alternative")
        skipped = (node.child_by_field_name("condition"), node.child_by_field_name("name"), other)
        before = self._known.copy()
        goes_on = self._sequence([each for each in node.named_children if each not in skipped])
        one, self._known = (self._known if goes_on else None), before
        goes_on = other is None or self._statement(other)
        return self._join([one, self._known if goes_on else None])

    # Expressions, in the order of evaluation as far as C has one.

    def _value(self, node: Node, *, tested: bool = True) -> None:
        node = bare(node)
        kind = node.type
        if kind == "identifier":
            self._use(text(node), Use.READ, node)
        elif kind == "assignment_expression":
            self._assign(node, tested=tested)
        elif kind == "call_expression":
            self._call(node)
        elif kind in ("field_expression", "subscript_expression", "pointer_expression"):
            self._pointer(node)
        elif kind == "binary_expression" and text(part(node, "operator")) in ("&&", "||"):
            self._value(part(node, "left"))
            when = text(part(node, "operator")) == "||"
            self._maybe([part(node, "right")], [nulls(part(node, "left"), when=not when)])
        elif kind == "conditional_expression":
            self._conditional(node)
        elif kind == "lambda_expression":
            self._known.forget(text(each) for each in walk(node) if each.type == "identifier")
        elif kind not in ("sizeof_expression", "offsetof_expression", "type_descriptor"):
            for each in node.named_children:
                self._value(each)

    def _conditional(self, node: Node) -> None:
        condition = part(node, "condition")
        self._value(condition)
        yes = node.child_by_field_name("consequence") or condition
        sides = [yes, part(node, "alternative")]
        self._maybe(sides, [nulls(condition, when=True), nulls(condition, when=False)])

    def _maybe(self, nodes: list[Node], without: list[set[str]]) -> None:
        """Go through expressions of which one is evaluated, or a single one perhaps."""
        before = self._known
        ways = [before] if len(nodes) == 1 else []
        for node, names in zip(nodes, without, strict=True):
            self._known = before.copy()
            self._known.forget(names)
            self._alias(node)
            ways.append(self._known)
        self._known = Known.agreed(ways)

    def _assign(self, node: Node, *, tested: bool) -> None:
        target, value = bare(part(node, "left")), part(node, "right")
        plain = text(part(node, "operator")) == "="
        if plain and target.type == "identifier":
            self._set(text(target), value, tested=tested)
        else:
            self._alias(value)
            self._value(target)

    def _set(self, name: str, value: Node, *, tested: bool) -> None:
        inner = bare(value)
        self._alias(inner)
        call = read(inner, self._macros) if inner.type == "call_expression" else None
        if name:
            self._tell_set(name, call, tested=tested)

    def _alias(self, value: Node) -> None:
        """Go through a value that something else will have as well."""
        inner = bare(value)
        if inner.type == "identifier":
            self._use(text(inner), Use.ALIAS, inner)
        elif inner.type == "initializer_list":
            for each in inner.named_children:
                last = each.named_children[-1:] if each.type == "initializer_pair" else [each]
                for one in last:
                    self._alias(one)
        else:
            self._value(inner)

    def _pointer(self, node: Node) -> None:
        """Go through ``x->y``, ``x.y``, ``x[i]``, ``*x`` and ``&x``."""
        inner = bare(part(node, "argument"))
        operator = node.child_by_field_name("operator")
        sign = text(operator) if operator is not None else "["
        if inner.type == "identifier":
            use = {"&": Use.ADDRESS, ".": Use.READ}.get(sign, Use.POINTER)
            self._use(text(inner), use, inner)
        elif sign != "&":
            self._value(inner)
        else:
            self._address(inner)
        for each in node.children_by_field_name("indices"):
            self._value(each)

    def _address(self, inner: Node) -> None:
        """Go through what ``&`` stands before: ``&x->y`` does not read x yet."""
        holder = inner.child_by_field_name("argument")
        if holder is None or not variable(holder):
            self._value(inner)

    def _call(self, node: Node) -> None:
        call = read(node, self._macros)
        if not call.name:
            self._value(part(node, "function"))
        for each in call.arguments:
            if not variable(each):
                self._value(each)
        for rule in self._rules:
            rule.calls(call, self._known)
        if call.is_macro:
            self._known.facts.clear()

    # What rules are told.

    def _use(self, name: str, use: Use, node: Node) -> None:
        for rule in self._rules:
            rule.uses(Usage(name, use, node), self._known)

    def _tell_set(self, name: str, call: Call | None, *, tested: bool) -> None:
        if name in self.function.types:
            for rule in self._rules:
                rule.sets(Setting(name, call, tested), self._known)

    def _return(self, value: Node | None, call: Call | None, node: Node) -> None:
        for rule in self._rules:
            rule.returns(Return(value, call, node), self._known)
        self._leave(set(self.function.types))

    def _leave(self, names: set[str]) -> None:
        for rule in self._rules:
            rule.leaves(names, self._known)
        self._known.forget(names)
