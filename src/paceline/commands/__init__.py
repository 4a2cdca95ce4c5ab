"""One module for each `paceline` command: its help, its arguments, and what it does; and how all of them end."""

COMMANDS = (
    "serve",
    "compare",
    "claims",
    "race",
    "watch",
    "trace",
    "ab",
    "init",
    "check",
    "baseline",
    "trend",
    "report",
    "predict",
    "runs",
)
"""Their names, which are those of the modules, in the order of `paceline --help`."""

FAILED, MISUSE, NOT_COMPARABLE = 1, 2, 3
"""Exit statuses. For the gates, `ab` and `check`, 1 says that a cell changed for the worse, and any failure is 2."""

INTERRUPTED, PIPE_CLOSED, TERMINATED = 128 + 2, 128 + 13, 128 + 15
"""What a shell reports for SIGINT, SIGPIPE and SIGTERM."""


class MisuseError(Exception):
    """What was typed can't be done: a sentence for the person who typed it, and status 2."""
