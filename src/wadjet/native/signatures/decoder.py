"""capstone, which decodes instructions; it comes with an extra."""

from __future__ import annotations

from typing import Any

from wadjet.errors import MissingExtraError


def require_decoder() -> None:
    """Raise MissingExtraError where machine code cannot be read."""
    decoder("x86_64")


def decoder(machine: str) -> Any:
    """Return what decodes the instructions of a machine; raises MissingExtraError."""
    try:
        import capstone
    except ImportError:
        raise MissingExtraError(
            "capstone is needed to read machine code", 'run: pip install "wadjet[native]"'
        ) from None
    if machine == "x86_64":
        return capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    return capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
