"""What is known at a point of a function: facts about variables, each of one rule.

What two branches agree in stays known behind them, and nothing else.

>>> known = Known({("null", "x"): 3, ("null", "y"): 4})
>>> Known.agreed([known, Known({("null", "x"): 3})]).facts
{('null', 'x'): 3}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Known:
    """Facts by rule and variable."""

    facts: dict[tuple[str, str], Any] = field(default_factory=dict)

    def copy(self) -> Known:
        """Return the same facts, to be changed apart."""
        return Known(dict(self.facts))

    def forget(self, names: Iterable[str]) -> None:
        """Drop what is known of variables."""
        gone = set(names)
        self.facts = {key: each for key, each in self.facts.items() if key[1] not in gone}

    @staticmethod
    def agreed(ways: list[Known]) -> Known:
        """Return the facts that are the same on all ways; none where there is no way."""
        if not ways:
            return Known()
        first, *others = ways
        return Known(
            {
                key: each
                for key, each in first.facts.items()
                if all(other.facts.get(key) == each for other in others)
            }
        )
