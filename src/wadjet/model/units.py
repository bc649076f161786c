"""How quantities are written for people.

>>> percent(0.612), percent(0.0043), percent(0.0), duration(61_300_000), count(98123)
('61 %', '0.4 %', '0 %', '61.3 ms', '98,123')
"""

from __future__ import annotations

import re

from wadjet.model.profile import Unit

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])?(i)?B?", re.IGNORECASE)
_SCALES = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"), (1, "ns"))


def percent(share: float) -> str:
    """Return a share of 1 in percent, with a decimal only where it is below one."""
    value = 100 * share
    if 0 < abs(value) < 0.95:
        return f"{value:.1f} %" if abs(value) >= 0.05 else "<0.1 %"
    return f"{value:.0f} %"


def duration(ns: float) -> str:
    """Return a length of time in the unit that suits it, to three digits.

    >>> [duration(ns) for ns in (0, 950, 1_500_000, 2_300_000_000, 754 * 10**9, 5 * 3600 * 10**9)]
    ['0 s', '950 ns', '1.50 ms', '2.30 s', '12 min 34 s', '5 h 00 min']
    """
    if not ns:
        return "0 s"
    seconds = round(abs(ns) / 1e9)
    sign = "-" if ns < 0 else ""
    if seconds >= 3600:
        return f"{sign}{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    if seconds >= 100:
        return f"{sign}{seconds // 60} min {seconds % 60:02d} s"
    scale, unit = next((row for row in _SCALES if abs(ns) >= 0.9995 * row[0]), _SCALES[-1])
    value = abs(ns) / scale
    digits = 0 if value >= 99.95 or scale == 1 else 1 if value >= 9.995 else 2
    return f"{sign}{value:.{digits}f} {unit}"


def size(octets: float) -> str:
    """Return a number of bytes in the binary unit that suits it.

    >>> size(512), size(20 * 2**20)
    ('512 B', '20.0 MiB')
    """
    value = float(octets)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024 or unit == "GiB":
            break
        value /= 1024
    return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"


def parse_size(text: str) -> int:
    """Return the number of bytes that ``text`` says. Raises ValueError.

    >>> parse_size("50 MB"), parse_size("1.5KiB"), parse_size("12")
    (50000000, 1536, 12)
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no size; write 50 MB, 1.5 GiB or a number of bytes")
    factor: int = (1024 if match[3] else 1000) ** "BKMGT".index((match[2] or "B").upper())
    return round(float(match[1]) * factor)


def amount(value: float, unit: Unit) -> str:
    """Return a value of a metric of ``unit``.

    >>> amount(1_410_000_000, "ns"), amount(2048, "bytes"), amount(12345, "count")
    ('1.41 s', '2.0 KiB', '12,345')
    """
    if unit == "ns":
        return duration(value)
    return size(value) if unit == "bytes" else count(round(value))


def count(number: int) -> str:
    """Return an integer with its thousands set apart."""
    return f"{number:,}"


def plural(number: int, noun: str, many: str = "") -> str:
    """Return a counted noun.

    >>> plural(1, "thread"), plural(3, "thread"), plural(2, "process", "processes")
    ('1 thread', '3 threads', '2 processes')
    """
    return f"{count(number)} {noun if number == 1 else many or noun + 's'}"
