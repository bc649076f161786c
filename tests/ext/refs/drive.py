"""Drive each case of a module in a child of its own: drive.py MODULE CASES.json."""

import gc
import importlib
import json
import os
import sys
from pathlib import Path
from types import ModuleType

from wadjet.native.refs.ledger import Lost, begin, confirm, lost


def arguments() -> list[object]:
    return [bytearray(b"first"), f"text {id(object())}", 5, ["third"]]


def turn(module: ModuleType, code: str, number: int) -> dict[int, Lost]:
    try:
        exec(code, {"m": module, "o": arguments(), "gc": gc})
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
    gc.collect()
    if number == 1:
        begin()
    return lost()


def drive(module: ModuleType, code: str) -> None:
    looks = [turn(module, code, number) for number in range(4)][1:]
    for site, latest in looks[-1].items():
        numbers = [abs(each[site].number) if site in each else 0 for each in looks]
        if numbers[0] < numbers[1] < numbers[2]:
            confirm(site, latest)


def main(name: str, cases: str) -> None:
    module = importlib.import_module(name)
    report = Path(f"{os.environ['WADJET_REFS_REPORT']}.{os.getpid()}")
    table = json.loads(Path(cases).read_text())
    for case, code in table.items():
        with report.open("a") as file:
            file.write(json.dumps({"case": case}) + "\n")
        child = os.fork()
        if child == 0:
            drive(module, code)
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)


main(*sys.argv[1:])
