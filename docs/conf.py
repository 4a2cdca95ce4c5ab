"""How Sphinx builds the manual: `make docs`."""

from importlib import metadata

project = "Paceline"
version = release = metadata.version("paceline")
extensions = ["myst_parser"]
myst_heading_anchors = 3
nitpicky = True
exclude_patterns = ["_build"]
smartquotes = False  # options begin with two hyphens
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_title = f"Paceline {release}"
html_copy_source = False
html_show_sphinx = False
