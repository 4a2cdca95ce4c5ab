"""Which tests are Paceline's cells: those that take `measure` or `cost`. The plugin leaves everything else alone."""

from typing import Any

PLUGIN = "paceline.plugin"
MEASURING = ("measure", "cost")


def is_cell(node: Any) -> bool:
    """Whether a test, or its definition, takes `measure` or `cost` of this plugin, itself or through another
    fixture.
    """
    return any(is_ours(node, name) for name in MEASURING)


def is_ours(node: Any, name: str) -> bool:
    """Whether `name` is this plugin's fixture in a test, also if the project wraps it in one of the same name; not if
    the project has put a fixture or a parameter of its own in its place.
    """
    fixtures = getattr(node, "_fixtureinfo", None)  # there is no public way to a fixture's origin
    for fixture in reversed(fixtures.name2fixturedefs.get(name, ()) if fixtures else ()):
        if fixture.func.__module__ == PLUGIN:
            return True
        if name not in fixture.argnames:
            break
    return False
