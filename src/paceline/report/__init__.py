"""The page: what saved runs, claims and comparisons say, drawn.

The libraries that draw are an extra, as one of them has no wheel for free-threaded builds, and measuring needs none.
"""

from importlib.util import find_spec

_DRAWING = {"altair": "altair", "jinja2": "jinja2", "vl_convert": "vl-convert-python"}


def unmet(what: str) -> str | None:
    """Return what "paceline report", say, lacks for a page or a picture, and how to get it; None if nothing."""
    missing = [package for module, package in _DRAWING.items() if find_spec(module) is None]
    return f"{what} needs {' and '.join(missing)}: pip install 'paceline[report]'" if missing else None
