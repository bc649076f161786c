"""What the Firefox Profiler is told of functions and states: categories, colours, markers."""

from __future__ import annotations

from wadjet.model.origin import is_library
from wadjet.model.profile import Function, State
from wadjet.render.naming import NO_FRAME

GIL_WAIT = "GilWait"
"""The type of the markers of a wait for the GIL: they say who held it."""

STATE = "State"
"""The type of the markers of any other state."""

OTHER, PROGRAM, LIBRARY, NATIVE, GIL, CPU, IDLE = range(7)

_CATEGORIES = (
    ("Other", "grey"),
    ("Program", "green"),
    ("Library", "lightblue"),
    ("Native code", "blue"),
    ("Waits for the GIL", "red"),
    ("Waits for a CPU", "orange"),
    ("Idle", "transparent"),  # by this name the profiler knows what to leave out
)

_OF_STATE = {
    State.UNKNOWN: OTHER,
    State.RUN_GIL: PROGRAM,
    State.RUN_NATIVE: NATIVE,
    State.WAIT_GIL: GIL,
    State.RUNNABLE: CPU,
    State.BLOCKED: IDLE,
}

_PLACES = ["marker-chart", "marker-table"]


def of_state(state: int) -> int:
    """Return the category of a marker, or of the leaf that stands for a state."""
    return _OF_STATE[State(state)]


def of_function(function: Function) -> int:
    """Return the category of a function: whose code it is."""
    if function == NO_FRAME:
        return OTHER
    if function.kind == "native":
        return NATIVE
    return LIBRARY if function.file and is_library(function.file) else PROGRAM


def categories() -> list[dict[str, object]]:
    """Return every category; the grey one is the profiler's default."""
    return [
        {"name": name, "color": color, "subcategories": ["Other"]} for name, color in _CATEGORIES
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
