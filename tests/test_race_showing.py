"""How the outcome of a race is shown, from exact figures."""

import io
import json

import pytest

from paceline.race import output
from paceline.race.judging import LaneResult, Race
from paceline.race.messages import Findings, Stall
from paceline.text.formats import render

MIB = 2**20
IDLE = Stall(0.001, None, loop=False)


def lane(name, *rounds, workers=2, **facts):
    facts = {"start_seconds": 0.5, "cpu_seconds": 0.25, "memory_bytes": 20 * MIB, "stall": IDLE, **facts}
    return LaneResult(name, workers, rounds=list(rounds), **facts)


def lost(name, verdict, why):
    return LaneResult(name, 2, verdict, why)


def race(*lanes, notes=(), **facts):
    findings = Findings(**{"face": "blocking", "seconds": 0.02, "cpu_share": 0.01, "stable": True, **facts})
    return Race("shop:price", findings, 32, 2, 7, list(lanes), list(notes))


def shown(whole):
    stream = io.StringIO()
    render(output.race_text(whole), stream)
    return stream.getvalue().splitlines()


STARVED = Stall(0.03, "starved", loop=False)
WHOLE = race(
    lane("sequential", 1.0, 1.0, 1.0, workers=1),
    lane("threads", 0.5, 0.5, 0.5),
    lane("pool-fork", 0.25, 0.5, 0.2, verdict="differs", why="its results are not those of sequential", stall=STARVED),
    lost("pool-spawn", "hung", "no end of a round within 3 s"),
    lost("asyncio", "left out", "runs async functions; this one is blocking"),
    lost("interpreters", "left out", "needs Python 3.14 or newer"),
    lost("loops-in-threads", "left out", "runs async functions; this one is blocking"),
    notes=["3 instead of 5 rounds"],
)


def test_a_lane_is_a_row_with_its_doubts_and_the_reasons_stand_below():
    lines = [" ".join(line.split()) for line in shown(WHOLE)]
    assert "threads 2 500 ms 0.0 % 2.00x 2.00 .. 2.00 500 ms 250 ms 20.0 MiB 1.00 ms" in lines
    assert "pool-fork 2 250 ms 60 % 4.00x 2.00 .. 5.00 500 ms 250 ms 20.0 MiB 30.0 ms differs, noisy, starved" in lines
    assert "pool-spawn 2 - - - - - - - - hung" in lines
    text = shown(WHOLE)
    assert "pool-spawn: no end of a round within 3 s" in text
    assert "left out: asyncio, loops-in-threads (runs async functions; this one is blocking)" in text
    assert "left out: interpreters (needs Python 3.14 or newer)" in text
    assert "3 instead of 5 rounds" in text
    assert "starved: its worst stall was for want of a CPU; neither its loop nor the GIL was held" in text


def test_the_recommendation_is_the_last_line_and_never_a_lane_that_differs():
    assert shown(WHOLE)[-1].startswith("Use threads: 2.00 times as fast as sequential (2.00 to 2.00 turn by turn); ")


def test_the_baseline_is_the_first_that_came_through():
    whole = race(lost("sequential", "failed", "no"), lane("threads", 1.0), lane("processes", 0.25))
    assert whole.speedup(whole.lanes[2]) == (4.0, 4.0, 4.0)
    assert whole.speedup(whole.lanes[0]) is None


def test_a_speedup_far_below_1_keeps_a_digit():
    assert "0.004x" in " ".join(shown(race(lane("sequential", 0.004), lane("threads", 1.0))))


def test_json_holds_every_lane_with_its_figures():
    said = json.loads(output.race_json(WHOLE))
    assert said["function"] == "shop:price"
    assert said["probe"]["face"] == "blocking"
    assert said["lanes"][1] == {
        "strategy": "threads",
        "workers": 2,
        "verdict": "ran",
        "why": None,
        "rounds": [0.5, 0.5, 0.5],
        "median": 0.5,
        "speedup": 2.0,
        "speedup_range": [2.0, 2.0],
        "start_seconds": 0.5,
        "cpu_seconds": 0.25,
        "memory_bytes": 20 * MIB,
        "memory_kind": output.MEMORY_KIND,
        "worst_stall": {"seconds": 0.001, "cause": None, "loop": False},
        "marks": [],
    }
    assert said["lanes"][3]["median"] is None
    assert said["lanes"][3]["worst_stall"] is None
    assert said["recommendation"]["strategy"] == "threads"


def test_where_nothing_came_through_there_is_no_recommendation():
    whole = race(lost("sequential", "failed", "item 9: no"), lost("threads", "failed", "item 9: no"))
    assert "sequential, threads: item 9: no" in shown(whole)
    assert shown(whole)[-1] == "No recommendation: no strategy came through."
    assert json.loads(output.race_json(whole))["recommendation"]["strategy"] is None


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, "A blocking function: about 20.0 ms an item, CPU share 1.0 %."),
        ({"face": "async"}, "An async function: about 20.0 ms an item, CPU share 1.0 %."),
        ({"cpu_share": 1.8}, "CPU share 180 %, as it uses several CPUs by itself."),
        ({"stable": None}, "Whether a second call gives the same result can't be told: its results can't be compared."),
        ({"stable": False}, "A second call gave another result, so results can't be checked against each other."),
        (
            {"unpicklable": "its results (no)"},
            "Processes and interpreters get it pickled, and this can't be pickled: its",
        ),
        ({"changed": ("a.b", "a.c", "a.d", "a.e")}, "It changes a.b, a.c, a.d and 1 more: threads share that"),
        (
            {"face": "async", "blocks": 0.03},
            "It blocks its event loop for 30.0 ms at a stretch, and no other task runs meanwhile: hand what blocks",
        ),
        ({"caches": 40.0}, "A second call is 40 times as fast: it keeps what it found; the rounds measure that."),
        ({"printed": "\x1b[2J"}, "It prints ('\\x1b[2J'); that is kept out of this table."),
    ],
)
def test_what_the_probe_found_is_said_in_a_sentence(facts, sentence):
    assert sentence in "\n".join(shown(race(lane("sequential", 1.0), **facts)))


def test_a_function_that_blocks_its_loop_is_so_in_the_reason_too():
    lanes = lane("asyncio, 1 worker", 1.0), lane("asyncio", 1.0)
    assert "it blocks its event loop" in shown(race(*lanes, face="async", blocks=0.03))[-1]
    assert "blocks" not in " ".join(shown(race(*lanes, face="async")))


def test_a_function_that_switches_the_gil_on_is_a_mark_of_every_lane_that_ran():
    doubt = "x.y switched the GIL on, so that threads compute one at a time"
    whole = race(lane("sequential", 1.0, 1.0, 1.0, workers=1), lane("threads", 1.0, 1.0, 1.0), gil=doubt)
    lines = [" ".join(line.split()) for line in shown(whole)]
    assert all(line.endswith(" gil") for line in lines if line.startswith(("sequential 1", "threads 2")))
    assert f"gil: {doubt}" in lines
    document = json.loads(output.race_json(whole))
    assert [each["marks"] for each in document["lanes"]] == [["gil"], ["gil"]]
    assert document["probe"]["gil"] == doubt
