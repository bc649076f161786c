"""What the Firefox Profiler shows of a thread's state: categories, colours and markers."""

from __future__ import annotations

from wadjet.model.profile import State

GIL_WAIT = "GilWait"
"""The type of the markers of a wait for the GIL: they say who held it."""

STATE = "State"
"""The type of the markers of any other state."""

_CATEGORIES = {
    None: ("Other", "grey"),
    State.RUN_GIL: ("Runs with the GIL", "green"),
    State.RUN_NATIVE: ("Runs native code", "blue"),
    State.WAIT_GIL: ("Waits for the GIL", "red"),
    State.RUNNABLE: ("Waits for a CPU", "orange"),
    State.BLOCKED: ("Idle", "transparent"),  # by this name the profiler knows what to leave out
}

_INDICES = [list(_CATEGORIES).index(state) if state else None for state in State]

_PLACES = ["marker-chart", "marker-table"]


def category(state: int) -> int | None:
    """Return the index of a state's category; None if nothing is known of the state."""
    return _INDICES[state]


def categories() -> list[dict[str, object]]:
    """Return every category; the grey one is the profiler's default."""
    return [
        {"name": name, "color": color, "subcategories": ["Other"]}
        for name, color in _CATEGORIES.values()
    ]


def marker_schemas() -> list[dict[str, object]]:
    """Return how the profiler is to show each type of marker."""
    holder = {"key": "holder", "label": "Held by", "format": "string"}
    return [
        {
            "name": GIL_WAIT,
            "display": [*_PLACES, "timeline-overview"],
            "description": "The thread was ready to run Python code, but another held the GIL.",
            "chartLabel": "{marker.data.holder}",
            "tableLabel": "held by {marker.data.holder}",
            "fields": [holder],
        },
        {
            "name": STATE,
            "display": _PLACES,
            "description": "What the thread did, for as long as samples found it so.",
            "fields": [],
        },
    ]
