"""Enough file descriptors for every connection of a cell, or a word about it before the cell starts."""

import resource
from contextlib import suppress

MARGIN = 100  # what pytest, pipes to workers and the instrument hold open beside the connections


class TooFewDescriptors(RuntimeError):  # noqa: N818 - it says what there is
    """The system does not allow as many open files as the cell needs connections."""


def provide(workers: int) -> None:
    """Raise this process's own limit, which its workers inherit, so that each of `workers` can have a connection.

    Where the workers are in other processes, the instrument still holds one end of every connection, under the same
    limit.

    Raises:
        TooFewDescriptors: if the system doesn't allow that many.
    """
    needed = workers + MARGIN
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not _suffices(soft, needed) and _suffices(hard, needed):
        with suppress(ValueError, OSError):  # some systems call the hard limit infinite and have another one
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if not _suffices(allowed, needed):
        most = max(1, allowed - MARGIN)
        raise TooFewDescriptors(
            f"{workers} workers have a connection each and need {needed} file descriptors; this process may have "
            f"{allowed}: raise the limit (ulimit -Hn), or measure with --workers {most} or fewer"
        )


def _suffices(limit: int, needed: int) -> bool:
    return limit == resource.RLIM_INFINITY or limit >= needed
