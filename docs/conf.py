"""How Sphinx builds the manual: `make docs`."""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Paceline"
version = release = metadata.version("paceline")
extensions = ["myst_parser", "reference"]
myst_heading_anchors = 3
nitpicky = True
exclude_patterns = ["_build"]
smartquotes = False  # options begin with two hyphens
html_theme = "furo"
html_static_path = ["_static"]
html_title = f"Paceline {release}"
html_copy_source = False
html_show_sphinx = False
