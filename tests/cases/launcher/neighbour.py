"""A module beside the program."""


def answer() -> int:
    return 42
