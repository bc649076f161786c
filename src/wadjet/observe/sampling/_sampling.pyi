from types import CodeType
from typing import Literal, TypedDict

class Choice(TypedDict):
    fd: int
    engine: Literal["none", "perf", "perf-user", "timer"]
    signal: int
    refusal: int
    peek: Literal["none", "process_vm_readv", "pipe"]

def start(
    *,
    cpu_period: int,
    wall_period: int,
    native: bool,
    perf: bool,
    capacity: int,
    hidden: int,
    collector: bool,
) -> Choice: ...
def stop() -> None: ...
def note(text: str, /) -> None: ...
def send(path: str, fd: int, message: bytes, /) -> None: ...
def task(coroutine: object, parent: object | None, name: str, /) -> None: ...
def awaits(
    thread: int, coroutine: object, frames: list[tuple[CodeType, int]], weight: int, /
) -> bool: ...
def stack_cost(rounds: int, /) -> tuple[int, float, float]: ...
def line_at(table: bytes, first_line: int, offset: int, /) -> int: ...

class Tree:
    def take(
        self,
    ) -> tuple[
        list[str],
        list[str],
        tuple[bytes, bytes, bytes],
        tuple[bytes, bytes],
        tuple[bytes, ...],
    ]: ...

class Reader:
    def __init__(self, tree: Tree, fd: int, start: int) -> None: ...
    def drain(self) -> int: ...
    def events(
        self,
    ) -> list[
        tuple[Literal["thread", "end"], int, int, int, int, str]
        | tuple[Literal["name"], int, str]
        | tuple[Literal["note"], str]
    ]: ...
    def counts(self) -> tuple[int, int, int]: ...
    def spent(self) -> dict[int, int]: ...
    def close(self) -> None: ...
