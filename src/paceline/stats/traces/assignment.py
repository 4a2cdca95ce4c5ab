"""The assignment problem: give each row a column of its own so that the sum of the gains is largest.

SciPy has it, but traces are read in the process that measures, which must not bring in NumPy and its threads.
"""

from collections.abc import Sequence


def best_total(gains: Sequence[Sequence[int]]) -> int:
    """Return the largest sum.

    Args:
        gains: whole numbers, shape (rows, columns); with fewer columns than rows, some rows go without.

    Source: successive best augmenting paths, after R. Jewell, "Optimal Flow through Networks" (1958), and R. G.
    Busacker and P. J. Gowen (1960); the best assignment of k rows plus the best path for one more is the best of k + 1.
    """
    if not gains:
        return 0
    rows = gains if len(gains) <= len(gains[0]) else list(zip(*gains, strict=True))
    owners: dict[int, int] = {}  # column -> row
    for row in range(len(rows)):
        _take_in(row, rows, owners)
    return sum(rows[row][column] for column, row in owners.items())


def _take_in(row: int, gains: Sequence[Sequence[int]], owners: dict[int, int]) -> None:
    """Give one more row a column, moving others on where that gains most."""
    via, gain = _paths(gains[row], gains, owners)
    column = max((column for column in gain if column not in owners), key=gain.__getitem__)
    while (before := via[column]) is not None:
        owners[column] = owners[before]
        column = before
    owners[column] = row


def _paths(
    own: Sequence[int], gains: Sequence[Sequence[int]], owners: dict[int, int]
) -> tuple[dict[int, int | None], dict[int, int]]:
    """Find, for each column, what a new row gains at most that frees it in the end, and over which column that goes.

    Source: R. Bellman, "On a Routing Problem" (1958). It ends, as no cycle gains: the owners are the best ones so far.
    """
    gain = dict(enumerate(own))
    via: dict[int, int | None] = dict.fromkeys(gain)
    better = True
    while better:
        better = False
        for column, owner in owners.items():
            for other, so_far in gain.items():
                moved = gain[column] - gains[owner][column] + gains[owner][other]
                if moved > so_far:
                    gain[other], via[other], better = moved, column, True
    return via, gain
