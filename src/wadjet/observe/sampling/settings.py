"""What a recording is asked to do, and how it is told to the processes it follows."""

from __future__ import annotations

from wadjet.errors import UsageError

VARIABLE = "WADJET_AGENT"
"""The environment variable that tells a process to record itself."""

FASTEST = 10_000
COLLECTOR = ("", "runs", "cycles")
"""What is recorded of the garbage collector: nothing, its runs, what they free as well."""

DEFAULT_RATE = 1000
DEFAULT_WALL_RATE = 100
_SEPARATOR = ":"


class Settings:
    """How to record. A plain class: the program that is recorded imports this.

    ``rate`` is samples for each second of a thread's CPU time, ``wall_rate`` looks at
    all threads in a second of real time; 0 turns the one or the other off. ``companions``
    are the parts that record beside the clocks: name, module of the agent, and what that is
    told. ``modules`` are imported by the program before its own. Raises UsageError where a
    rate makes no sense.
    """

    __slots__ = (
        "capacity",
        "children",
        "collector",
        "companions",
        "modules",
        "native",
        "perf",
        "rate",
        "tasks",
        "wall_rate",
    )

    def __init__(
        self,
        rate: int = DEFAULT_RATE,
        wall_rate: int = DEFAULT_WALL_RATE,
        *,
        native: bool = False,
        children: bool = False,
        tasks: bool = False,
        perf: bool = True,
        capacity: int = 1 << 23,
        collector: str = "",
        companions: tuple[tuple[str, str, str], ...] = (),
        modules: tuple[str, ...] = (),
    ) -> None:
        check_rate("rate", rate)
        check_rate("wall-rate", wall_rate)
        if rate == 0 and wall_rate == 0 and not companions:
            raise UsageError("a recording needs a clock", "leave --rate or --wall-rate above 0")
        self.rate = rate
        self.wall_rate = wall_rate
        self.native = native
        self.children = children
        self.tasks = tasks
        self.perf = perf
        self.capacity = capacity
        self.collector = collector if collector in COLLECTOR else _refuse(collector)
        self.companions = companions
        self.modules = modules

    @property
    def cpu_period(self) -> int:
        """CPU time between samples of a thread in ns, 0 for none."""
        return 1_000_000_000 // self.rate if self.rate else 0

    @property
    def wall_period(self) -> int:
        """Time between looks at all threads in ns, 0 for none."""
        return 1_000_000_000 // self.wall_rate if self.wall_rate else 0

    def encode(self, socket: str) -> str:
        """Return the value of the environment variable."""
        numbers = (
            self.rate,
            self.wall_rate,
            self.native,
            self.children,
            self.tasks,
            self.perf,
            self.capacity,
            COLLECTOR.index(self.collector),
        )
        companions = ",".join("=".join(each) for each in self.companions)
        words = [*(str(int(each)) for each in numbers), ",".join(self.modules), companions]
        return _SEPARATOR.join([*words, socket])


def decode(value: str) -> tuple[Settings, str]:
    """Return the settings and the socket of an environment variable. Raises ValueError."""
    *numbers, modules, companions, socket = value.split(_SEPARATOR, 10)
    rate, wall_rate, native, children, tasks, perf, capacity, collector = map(int, numbers)
    settings = Settings(
        rate,
        wall_rate,
        native=bool(native),
        children=bool(children),
        tasks=bool(tasks),
        perf=bool(perf),
        capacity=capacity,
        collector=COLLECTOR[collector],
        companions=tuple(map(_companion, companions.split(",") if companions else ())),
        modules=tuple(modules.split(",")) if modules else (),
    )
    return settings, socket


def _companion(text: str) -> tuple[str, str, str]:
    name, module, argument = text.split("=")
    return name, module, argument


def check_rate(name: str, rate: int) -> None:
    """Raise UsageError unless ``rate`` can be."""
    if not 0 <= rate <= FASTEST:
        raise UsageError(
            f"--{name} {rate} is out of range",
            f"choose 1 to {FASTEST} samples a second, 0 for none",
        )


def _refuse(collector: str) -> str:
    raise UsageError(f"--collector={collector} is unknown", "choose runs or cycles")
