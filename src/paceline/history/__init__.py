"""Saved runs: the only place that knows pytest-benchmark's JSON.

`paceline.history.storage` stands apart: it needs pytest-benchmark itself, and only a session that saves needs it.
"""

from paceline.history.documents import HistoryError, NoSuchRunError, NotSaved, UnreadableRun
from paceline.history.reading import cells, from_json, is_cell, load
from paceline.history.run import Cell, Run, told_apart
from paceline.history.store import advice, holds, newest, newest_among, newest_in, partials, resolve, runs

__all__ = [
    "Cell",
    "HistoryError",
    "NoSuchRunError",
    "NotSaved",
    "Run",
    "UnreadableRun",
    "advice",
    "cells",
    "from_json",
    "holds",
    "is_cell",
    "load",
    "newest",
    "newest_among",
    "newest_in",
    "partials",
    "resolve",
    "runs",
    "told_apart",
]
