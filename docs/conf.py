"""Sphinx: what the pages look like, and where the generated ones come from."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

import reference  # noqa: E402
import wadjet  # noqa: E402

project = "Wadjet"
author = "the Wadjet developers"
html_show_copyright = False
version = release = wadjet.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "reference/_generated"]
html_theme = "furo"
html_title = f"Wadjet {version}"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"

reference.write(HERE / "reference" / "_generated")
