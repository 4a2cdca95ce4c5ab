"""
One pair: two new processes that take the rounds of the same cells in turns, A B B A, with one working at a time.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paceline.gate.player import Player, SideFailed, traced
from paceline.gate.record import Taken
from paceline.gate.sides import Side
from paceline.gate.starting import Wish, started


@dataclass(frozen=True)
class Played:
    """
    What a pair gave.

    Args:
        taken: of the side that was started first, and of the other: full name -> what it measured.
        modules: the same for what they had loaded at their ends: full name -> file.
        skipped: full name -> why both sides skipped it.
        seconds: from the first start to the last exit.
    """

    taken: tuple[Mapping[str, Taken], Mapping[str, Taken]]
    modules: tuple[Mapping[str, str], Mapping[str, str]]
    skipped: Mapping[str, str]
    seconds: float


def look(side: Side, wish: Wish) -> dict[str, Any]:
    """
    Ask a side which cells it has and what it runs on.

    Raises:
        SideFailed: if it can't say, or runs beside a tracer.
    """
    with started(side, wish, "--collect-only", "-q") as player:
        player.listen()
        if not player.collected:
            raise SideFailed(f"the {side.word} ({side.wanted.typed}) collected nothing{player.last_words()}")
        if player.collected["traced"]:
            raise SideFailed(traced(side, player.collected["traced"]))
        return player.collected


def play(first: Side, second: Side, wish: Wish) -> Played:
    """
    Run one pair.

    Raises:
        SideFailed: if a side dies, hangs, fails, or does not do the same as the other.
    """
    begun = time.monotonic()
    with started(first, wish) as one:
        one.listen()
        with started(second, wish) as other:
            other.listen()
            turn = 0
            while agreed(one, other):
                order = (one, other) if turn % 2 == 0 else (other, one)
                for player in order:
                    player.take_round()
                turn += 1
    modules = (one.modules, other.modules)
    return Played((one.taken, other.taken), modules, same_skips(one, other), time.monotonic() - begun)


def agreed(one: Player, other: Player) -> bool:
    """
    Whether both wait for the same round of the same cell; False once both have ended.

    Raises:
        SideFailed: if they don't, saying which cell one of them left out, and why.
    """
    if one.turn == other.turn:
        return one.turn is not None
    same_skips(one, other)
    cells = [player.where() if player.turn else "at its end" for player in (one, other)]
    raise SideFailed(
        f"the sides don't do the same: the {one.side.word} is {cells[0]}, the {other.side.word} {cells[1]}; "
        "give both the same cells and the same --rounds"
    )


def same_skips(one: Player, other: Player) -> Mapping[str, str]:
    """
    Give what both have skipped.

    Raises:
        SideFailed: if only one has, naming the cell and the reason.
    """
    for player, beside in ((one, other), (other, one)):
        for cell in player.missed.keys() - beside.missed.keys():
            raise SideFailed(
                f"the {player.side.word} skipped {cell}, which the {beside.side.word} measures: {player.missed[cell]}"
            )
    return one.missed
