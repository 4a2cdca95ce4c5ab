"""The answer for each kind of work, in a line."""

import pytest
from claimed import cell

from paceline.tables.choice import in_lines

ORDER = ("sequential", "threads", "to-thread", "asyncio", "pool-fork", "processes")
STEPS = (0.99, 0.995, 1.0, 1.0, 1.005, 1.01)  # six rounds, whose interval goes from the least to the greatest


def computed(kernel="squares", **seconds):
    return [
        cell("computing", "test_computing", name.replace("_", "-"), kernel=kernel, process=None, rounds=around(taken),
             workers=1 if name == "sequential" else 8)
        for name, taken in seconds.items()
    ]  # fmt: skip


def downloaded(client="requests", rounds=STEPS, **seconds):
    return [
        cell("downloads", "test_downloads", name.replace("_", "-"), client=client, process=None, latency=0.02,
             rounds=around(taken)[: len(rounds)], workers=1 if name == "sequential" else 10)
        for name, taken in seconds.items()
    ]  # fmt: skip


def around(seconds):
    return tuple(seconds * step for step in STEPS)


def marked(cells, **doubts):
    return [
        cell("computing", "test_computing", one.strategy, kernel="squares", process=None, rounds=one.rounds,
             workers=one.workers, warnings=(f"{doubts[one.strategy]}: why",) if one.strategy in doubts else ())
        for one in cells
    ]  # fmt: skip


HOLDS = "Computing that holds the GIL"
NINE = "threads, 9.00x as fast as a plain loop; "


@pytest.mark.parametrize(
    ("cells", "lines"),
    [
        (
            downloaded(sequential=9.0, threads=1.0, asyncio=1.02, pool_fork=1.5)
            + computed(sequential=2.0, threads=1.0),
            [
                "Waiting (downloads): threads or asyncio, 8.82x to 9.00x as fast as a plain loop",
                f"{HOLDS}: threads, 2.00x as fast as a plain loop",
            ],
        ),
        (
            computed("hash", sequential=4.0, threads=1.0, to_thread=1.0, asyncio=1.0, pool_fork=1.0, processes=1.0),
            ["Computing that releases the GIL: threads, to-thread, asyncio or 2 more, 4.00x as fast as a plain loop"],
        ),
        (
            marked(computed(sequential=4.0, threads=1.0), sequential="noisy", threads="limit"),
            [f"{HOLDS}: threads (limit), 4.00x as fast as a plain loop (noisy)"],
        ),
        (
            computed(sequential=1.0, threads=1.01, pool_fork=3.0),
            [f"{HOLDS}: a plain loop, as nothing is told to be 5 % faster"],
        ),
        (computed(threads=1.0, pool_fork=3.0, processes=2.0), [f"{HOLDS}: threads, faster than 2 others"]),
        (computed(threads=1.0, pool_fork=1.0), [f"{HOLDS}: no difference can be told between threads and pool-fork"]),
        (
            computed(sequential=9.0, threads=1.0),
            [f"{HOLDS}: {NINE}more than workers can bring, so the machine was slower during the plain loop"],
        ),
        (
            downloaded(sequential=9.0, threads=1.0, rounds=STEPS[:1]),
            [f"Waiting (downloads): {NINE}1 round, too few to tell chance from a lead"],
        ),
        (
            downloaded("raw", sequential=9.0, threads=1.0),
            [f"Waiting (downloads): {NINE}the raw client is a control, and real ones cost more"],
        ),
        (downloaded("raw", sequential=9.0) + downloaded(threads=1.0), []),
        (computed(threads=1.0), []),
        ([cell("timeline", "test_computing", name, kernel="squares") for name in ("threads", "asyncio")], []),
        ([], []),
    ],
    ids=[
        "those that are level share an answer, each kind has its own",
        "of many the first are named",
        "doubts",
        "nothing is faster than a plain loop",
        "no plain loop",
        "all alike",
        "more than workers can bring",
        "one round",
        "the control alone",
        "a control is not compared with others",
        "one strategy",
        "an experiment that is no kind of work",
        "nothing",
    ],
)
def test_the_answer_for_each_kind_of_work_is_a_line_with_its_doubts(cells, lines):
    assert in_lines(cells[::-1], ORDER) == lines


def test_without_a_gil_the_answers_on_computing_say_so():
    cells = downloaded(sequential=9.0, threads=1.0) + computed(sequential=2.0, threads=1.0)
    waiting, computing = in_lines(cells, ORDER, gil=False)
    assert "GIL" not in waiting
    assert computing == f"{HOLDS}: threads, 2.00x as fast as a plain loop; the GIL was off"
