"""The page: what saved runs, claims and comparisons say, drawn.

The libraries that draw are an extra, as one of them has no wheel for free-threaded builds, and measuring needs none.
"""

from paceline import machine

_DRAWING = {"altair": "altair", "jinja2": "jinja2", "vl_convert": "vl-convert-python"}


def unmet(what: str) -> str | None:
    """Return what "paceline report", say, lacks for a page or a picture, and how to get it; None if nothing."""
    return machine.unmet(what, "report", _DRAWING)
