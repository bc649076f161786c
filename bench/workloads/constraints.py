"""One-way constraints kept true incrementally, in the manner of DeltaBlue.

Each variable is determined by at most one constraint. A new constraint takes over a
variable that is held by a weaker one; the loser then looks for another variable. Small
objects, virtual methods, short loops.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from itertools import pairwise


class Strength(IntEnum):
    """How much a constraint matters; less is stronger."""

    REQUIRED = 0
    STRONG = 1
    NORMAL = 2
    STAY = 5
    NONE = 6


class Variable:
    """A value, who uses it, who determines it and how strongly."""

    def __init__(self, value: int) -> None:
        self.value = value
        self.users: list[Constraint] = []
        self.giver: Constraint | None = None
        self.strength = Strength.NONE
        self.mark = 0


class Constraint:
    """A relation that determines one of its variables, ``output``, from the others."""

    def __init__(self, strength: Strength, *variables: Variable) -> None:
        self.strength = strength
        self.variables = variables
        self.output: Variable | None = None
        for variable in variables:
            variable.users.append(self)

    def targets(self) -> tuple[Variable, ...]:
        """Return the variables that this constraint could determine."""
        return self.variables

    def inputs(self) -> Iterator[Variable]:
        """Yield the variables that the output is made from."""
        return (each for each in self.variables if each is not self.output)

    def choose(self, mark: int) -> None:
        """Choose the most weakly held variable, if any is weaker than this constraint."""
        free = [each for each in self.targets() if each.mark != mark]
        weakest = max(free, key=held, default=None)
        wins = weakest is not None and self.strength < weakest.strength
        self.output = weakest if wins else None

    def pass_strength(self) -> None:
        """Tell the output how strongly it is held: by the weakest link of the chain."""
        assert self.output is not None
        others = [each.strength for each in self.inputs() if each in self.targets()]
        self.output.strength = max([self.strength, *others])

    def execute(self) -> None:
        """Compute the output."""

    def drop(self) -> None:
        """Forget the variables."""
        for variable in self.variables:
            variable.users.remove(self)
        self.output = None


def held(variable: Variable) -> Strength:
    """Return how strongly a variable is held."""
    return variable.strength


class Stay(Constraint):
    """A variable keeps its value."""


class Equal(Constraint):
    """Two variables are equal."""

    def execute(self) -> None:
        assert self.output is not None
        (source,) = self.inputs()
        self.output.value = source.value


class Scale(Constraint):
    """``low * factor + offset == high``; the factor and the offset are only read."""

    def targets(self) -> tuple[Variable, ...]:
        return self.variables[:2]

    def execute(self) -> None:
        low, high, factor, offset = self.variables
        if self.output is high:
            high.value = low.value * factor.value + offset.value
        else:
            low.value = (high.value - offset.value) // factor.value


class Planner:
    """Adds and removes constraints and makes plans: constraints in order of execution."""

    def __init__(self) -> None:
        self.mark = 0

    def add(self, constraint: Constraint) -> None:
        """Add a constraint, and find new places for those it pushes aside."""
        self.mark += 1
        loser: Constraint | None = constraint
        while loser is not None:
            loser = self.satisfy(loser)

    def satisfy(self, constraint: Constraint) -> Constraint | None:
        """Let a constraint take its variable; return the constraint it took it from."""
        constraint.choose(self.mark)
        output = constraint.output
        if output is None:
            return None
        loser = output.giver
        if loser is not None:
            loser.output = None
        output.giver = constraint
        output.mark = self.mark
        self.propagate(constraint)
        return loser

    def propagate(self, constraint: Constraint) -> None:
        """Recompute strengths and values downstream."""
        for each in self.plan([constraint]):
            each.pass_strength()
            each.execute()

    def plan(self, sources: list[Constraint]) -> Iterator[Constraint]:
        """Yield what follows from the sources, each after all that it depends on."""
        todo = list(sources)
        while todo:
            constraint = todo.pop()
            if constraint.output is not None:
                yield constraint
                todo += self.consumers(constraint.output)

    def consumers(self, variable: Variable) -> list[Constraint]:
        """Return the satisfied constraints that read a variable."""
        return [
            each
            for each in variable.users
            if each is not variable.giver and each.output not in (None, variable)
        ]

    def remove(self, constraint: Constraint) -> None:
        """Remove a constraint, and let those that were pushed aside try again."""
        output = constraint.output
        constraint.drop()
        if output is None:
            return
        output.giver = None
        output.strength = Strength.NONE
        losers = [each for place in self.downstream(output) for each in place.users]
        for each in sorted(losers, key=lambda each: each.strength):
            if each.output is None:
                self.add(each)

    def downstream(self, variable: Variable) -> Iterator[Variable]:
        """Yield a variable and those that follow from it, their strengths renewed."""
        yield variable
        for each in self.plan(self.consumers(variable)):
            each.pass_strength()
            assert each.output is not None
            yield each.output


def change(planner: Planner, variable: Variable, values: range) -> None:
    """Let the user edit a variable."""
    edit = Stay(Strength.STRONG, variable)
    planner.add(edit)
    plan = list(planner.plan(planner.consumers(variable)))
    for value in values:
        variable.value = value
        for constraint in plan:
            constraint.execute()
    planner.remove(edit)


def chain(length: int) -> int:
    """Pass values along a chain of equal variables; return the last one's."""
    planner = Planner()
    line = [Variable(0) for _ in range(length)]
    for a, b in pairwise(line):
        planner.add(Equal(Strength.REQUIRED, a, b))
    planner.add(Stay(Strength.STAY, line[-1]))
    change(planner, line[0], range(100))
    return line[-1].value


def projection(count: int) -> int:
    """Keep ``count`` pairs in proportion from both sides; return the sum of the images."""
    planner = Planner()
    factor, offset = Variable(10), Variable(1000)
    pairs = [(Variable(number), Variable(number)) for number in range(count)]
    for low, high in pairs:
        planner.add(Stay(Strength.NORMAL, low))
        planner.add(Scale(Strength.REQUIRED, low, high, factor, offset))
    low, high = pairs[0]
    change(planner, low, range(17))
    assert high.value == 1160
    change(planner, high, range(1000, 2010, 10))
    assert low.value == 100
    change(planner, factor, range(1, 6))
    return sum(high.value for _, high in pairs)
