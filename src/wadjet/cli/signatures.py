"""``wadjet signatures MODULE...``: what C functions take, read from their machine code."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from wadjet.cli.output import output, write_sarif
from wadjet.errors import ImageError, UsageError
from wadjet.target.behavior import require_native

if TYPE_CHECKING:
    from wadjet.native.signatures.survey import Survey

_EPILOG = """\
examples:
  wadjet signatures psycopg2             its C callables, and what they take
  wadjet signatures zlib _socket         modules of the standard library
  wadjet signatures stdlib --json        all of it, a line of JSON for each callable
  wadjet signatures numpy-2.4.6-cp311-cp311-manylinux_2_28_aarch64.whl    without importing it
  wadjet signatures psycopg2 --stubs stubs           write stubs/psycopg2/_psycopg.pyi
  wadjet signatures takes --patch src > takes.diff   signatures for the source's documentation
  wadjet signatures pygit2 --check-stubs             keywords that its stubs invent
  wadjet signatures pygit2 --check-stubs --sarif -   the same, for code hosts

The evidence is what the signature was read from: the flags of the method table, the format and
keywords that the machine code hands to PyArg_ParseTuple and its kin, comparisons of the number
of arguments, the documentation, a stub. `...` is a default that nobody can know. What is marked
fair accepts these calls, and perhaps not all of them succeed; low is a document's word alone.

Modules are imported in a process of their own. Machine code is read with capstone, which
pip install "wadjet[native]" brings.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "modules", nargs="+", metavar="MODULE", help="a module, a package, stdlib, a .so or a wheel"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--stubs", type=Path, metavar="FOLDER", help="write a stub file for each module"
    )
    what.add_argument(
        "--patch",
        type=Path,
        metavar="SOURCE",
        help="print a diff that gives the documentation in this C source the signatures",
    )
    what.add_argument(
        "--check-stubs",
        action="store_true",
        help="find keywords that stubs promise and the code refuses; each is tried",
    )
    parser.add_argument(
        "--sarif", type=Path, metavar="PATH", help="with --check-stubs: write it as SARIF"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each")


def run(args: argparse.Namespace) -> int:
    """Print what the modules have; 1 where one of them could not be looked at."""
    require_native()
    from wadjet.native.signatures.decoder import require_decoder
    from wadjet.native.signatures.modules import extensions
    from wadjet.native.signatures.survey import read, survey

    require_decoder()
    _check(args)
    what = "stub" if args.stubs else "findings" if args.check_stubs else "rows"
    files = [each for each in args.modules if each.endswith((".so", ".whl"))]
    if files and what != "rows":
        raise UsageError("files are only listed", "name the module, installed here")
    named = [each for each in args.modules if each not in files]
    names = [each for name in named for each in extensions(name)]
    found = survey(list(dict.fromkeys(names)), what)
    found += (each for name in files for each in read(Path(name)))
    for each in found:
        if each.failure:
            print(f"wadjet: {each.module} was left out: {each.failure}", file=sys.stderr)
    if args.stubs:
        _write_stubs(found, args)
    elif args.patch:
        _patch(found, args.patch)
    elif args.check_stubs:
        return _report(found, args)
    else:
        _show(found, as_json=args.json)
        _require_some(found, args.modules)
    return int(any(each.failure for each in found))


def _check(args: argparse.Namespace) -> None:
    """Raise UsageError for an option that would do nothing."""
    if args.sarif and not args.check_stubs:
        raise UsageError("--sarif is for --check-stubs", "add that")
    if args.json and (args.stubs or args.patch or args.sarif):
        raise UsageError("--json is for lists and findings", "leave it out")
    if args.overwrite and not (args.stubs or args.sarif):
        raise UsageError("--overwrite is for --stubs and --sarif", "leave it out")


def _write_stubs(found: list[Survey], args: argparse.Namespace) -> None:
    for each in found:
        if each.stub:
            path = args.stubs.joinpath(*each.module.split(".")).with_suffix(".pyi")
            path.parent.mkdir(parents=True, exist_ok=True)
            with output(path, overwrite=args.overwrite) as out:
                out.write(each.stub.encode())
            print(f"Wrote {path}")


def _patch(found: list[Survey], source: Path) -> None:
    from wadjet.native.csource.trees import files
    from wadjet.native.signatures import patch

    owners = patch.owners(row for each in found for row in each.rows)
    folder = source if source.is_dir() else source.parent
    for path in files(source):
        sys.stdout.write(patch.diff(path, owners, path.relative_to(folder).as_posix()))


def _report(found: list[Survey], args: argparse.Namespace) -> int:
    """Print or write what is wrong with stubs; 1 if anything is."""
    findings = [finding for each in found for finding in each.findings]
    if args.sarif:
        write_sarif(findings, args.sarif, overwrite=args.overwrite)
    elif args.json:
        for each in findings:
            print(json.dumps(asdict(each)))
    else:
        for each in findings:
            assert each.place is not None
            print(f"{each.place.file}:{each.place.line}: {each.message} [{each.rule}]")
    return int(bool(findings) or any(each.failure for each in found))


def _show(found: Iterable[Survey], *, as_json: bool) -> None:
    from wadjet.render.text import signatures

    for each in found:
        if as_json:
            for row in each.rows:
                print(json.dumps({"module": each.module, **row}))
        elif each.rows:
            signatures.show(each.module, each.rows, sys.stdout)


def _require_some(found: list[Survey], named: list[str]) -> None:
    """Raise ImageError where nothing has a callable, and nothing else was wrong."""
    if not any(each.rows or each.failure for each in found):
        raise ImageError(f"{', '.join(named)} has no C callables", "there is nothing to show")
