"""What the site would have done, from the record: the first Python code of a launcher.

It runs as the module ``site``, and is gone when the program begins; a program that imports
``site`` gets the real one. Nothing but built-in and frozen modules is imported here.
"""

import _sitebuiltins
import builtins
import sys
from _frozen_importlib import FrozenImporter, ModuleSpec, _init_module_attrs
from _frozen_importlib_external import (
    ExtensionFileLoader,
    SourceFileLoader,
    spec_from_file_location,
)

TYPE_CHECKING = False
if TYPE_CHECKING:  # at a start nobody imports typing
    from typing import Any

RECORD: "Any" = ...
"""Replaced at build: what ``state.Record`` has, as a dictionary."""

_bundle: "Any" = __import__("_wadjet_launcher")
_searched: "list[str]" = []


def _loader() -> "Any":
    """Return the class of what loads code out of the executable, and all else as from a file."""
    found = vars(_bundle).get("Loader")
    if found is not None:
        return found
    given = _attributes()

    class Loader(SourceFileLoader):
        """Loads a module of the executable."""

        def get_code(self, fullname: str) -> "Any":
            return _bundle.code(fullname)

        def create_module(self, spec: "Any") -> "Any":
            module = _new_module(spec.name)
            names = module.__dict__
            if spec.submodule_search_locations is not None:
                names["__path__"] = spec.submodule_search_locations
            for name, value in given:
                names[name] = value(spec)
            return module

    _bundle.lead(Loader)
    _bundle.Loader = Loader
    return Loader


_new_module = type(sys)


def _attributes() -> "list[tuple[str, Any]]":
    """Return those that importlib gives a module from a file, and how each is had of a spec.

    Without them it would look for each first, and make an exception that it drops.
    """
    known: dict[str, Any] = {
        "__package__": lambda spec: spec.parent,
        "__loader__": lambda spec: spec.loader,
        "__file__": lambda spec: spec.origin,
        "__cached__": lambda spec: spec.cached,
    }
    probe = ModuleSpec("a.b", SourceFileLoader("a.b", "/a/b.py"), origin="/a/b.py")
    probe.has_location = True
    probe.cached = "/a/b.pyc"
    made = _new_module("a.b")
    _init_module_attrs(probe, made)
    return [(name, had) for name, had in known.items() if vars(made).get(name) == had(probe)]


_CACHED = f".{sys.implementation.cache_tag}.pyc"


def make_spec(
    name: str, path: "Any", file: str, is_package: bool, is_extension: bool, entry: int
) -> "Any":
    """Return how a module of the bundle is loaded: where a search would have found it.

    None where the search is another one by now.
    """
    folder, _, base = file.rpartition("/")
    if entry >= 0:
        as_ever = sys.path[: entry + 1] == _searched[: entry + 1]
    else:
        as_ever = path is not None and path[0] == (
            folder.rpartition("/")[0] if is_package else folder
        )
    if not as_ever:
        return None
    loader = (ExtensionFileLoader if is_extension else _loader())(name, file)
    spec = ModuleSpec(name, loader, origin=file, is_package=is_package)
    spec.has_location = True
    if is_package:
        spec.submodule_search_locations = [folder]
    if sys.pycache_prefix is None and not sys.flags.optimize and base[-3:] == ".py":
        spec.cached = f"{folder}/__pycache__/{base[:-3]}{_CACHED}"
    return spec


def _tell_places() -> None:
    """Set the paths that an interpreter with a given home mistakes, and modules' files."""
    for name, value in RECORD["places"].items():
        setattr(sys, name, value)
    for name, file, is_package in RECORD["modules"]:
        where = [file.rpartition("/")[0]] if is_package else None
        spec = spec_from_file_location(name, file, submodule_search_locations=where)
        if spec is not None and name in sys.modules:
            _init_module_attrs(spec, sys.modules[name], override=True)
    resolve: Any = vars(FrozenImporter)["_resolve_filename"].__get__(None, FrozenImporter)
    for name, module in sys.modules.items():
        spec = getattr(module, "__spec__", None)
        state = spec and spec.loader is FrozenImporter and spec.loader_state
        if state and not state.filename:
            state.filename, _ = resolve(state.origname, name)
            module.__file__ = state.filename


def _late_zipimporter(path: str) -> "Any":
    """Import zipimport for the first place that may be an archive."""
    here = sys.path_hooks.index(_late_zipimporter)
    import zipimport

    sys.path_hooks[here] = zipimport.zipimporter
    return zipimport.zipimporter(path)


def _register_readline() -> None:
    import site

    site.enablerlcompleter()
    sys.__interactivehook__()


def _set_builtins() -> None:
    for each in ("quit", "exit"):
        setattr(builtins, each, _sitebuiltins.Quitter(each, "Ctrl-D (i.e. EOF)"))
    for name, text, files in RECORD["printers"]:
        printer = object.__new__(_sitebuiltins._Printer)
        state = {"name": name, "data": text, "lines": None, "filenames": files}
        vars(printer).update({f"_Printer__{key}": value for key, value in state.items()})
        setattr(builtins, name, printer)
    builtins.help = _sitebuiltins._Helper()


def _become_site() -> None:
    _tell_places()
    if not sys.flags.no_site:
        _set_builtins()
    if not (sys.flags.no_site or sys.flags.isolated):
        sys.__interactivehook__ = _register_readline
    if RECORD["zip_hook"] and sys.modules.get("zipimport") is None:
        sys.path_hooks.insert(0, _late_zipimporter)
    _bundle.make_spec = make_spec
    sys.meta_path.insert(2, _bundle)
    _bundle.wake()
    for line in RECORD["lines"]:
        exec(line)


def begin(names: "dict[str, Any]") -> None:
    """Prepare the program's module; the next import of ``site`` finds the real one."""
    sys.modules.pop("site", None)
    if RECORD["folder"] is not None:
        sys.path.insert(0, RECORD["folder"])
    _searched[:] = sys.path
    if RECORD["script"] is not None:
        names["__file__"] = RECORD["script"]
        names["__loader__"] = SourceFileLoader("__main__", RECORD["script"])
        if RECORD["cached"]:
            names["__cached__"] = None


_become_site()
