from collections.abc import Callable
from types import CodeType

def replace_script(replace: Callable[[CodeType], CodeType | None], /) -> None: ...
