"""One module for each `paceline` command: its help, its arguments, and what it does."""

COMMANDS = (
    "serve",
    "compare",
    "claims",
    "race",
    "watch",
    "trace",
    "ab",
    "check",
    "baseline",
    "trend",
    "report",
    "predict",
    "runs",
)
"""Their names, which are those of the modules, in the order of `paceline --help`."""
