"""
Saved runs: the only place that knows pytest-benchmark's JSON.

`paceline.history.storage` stands apart: it needs pytest-benchmark itself, and only a session that saves needs it.
"""

from paceline.history.errors import HistoryError, NoSuchRunError, NotSaved, UnreadableRun
from paceline.history.reading import cells, from_json, load
from paceline.history.run import Cell, Run
from paceline.history.store import newest, newest_in, partials, resolve, runs

__all__ = [
    "Cell",
    "HistoryError",
    "NoSuchRunError",
    "NotSaved",
    "Run",
    "UnreadableRun",
    "cells",
    "from_json",
    "load",
    "newest",
    "newest_in",
    "partials",
    "resolve",
    "runs",
]
