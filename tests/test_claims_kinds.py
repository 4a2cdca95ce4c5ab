"""Claims about which strategy is for which work, judged from synthetic runs."""

from claimed import cells, run, verdicts

from paceline.claims.evidence import Evidence
from paceline.claims.parallel import processes_reign, threads_io_only

SIZES = (0, 2**16, 2**20)
LENGTHS = (10e-6, 1e-3, 100e-3)


def downloads(strategy, speedup, **more):
    client = "aiohttp" if strategy == "asyncio" else "requests"
    return cells(
        "downloads", "test_downloads", strategy, 1.3 / speedup, client=client, latency=0.02, workers=10, **more
    )


def computing(strategy, speedup, kernel, cpus=2, **more):
    workers = 1 if strategy == "sequential" else cpus
    return cells("computing", "test_computing", strategy, 2.0 / speedup, kernel=kernel, workers=workers, **more)


def both_kinds(*, io=8.0, held=1.0, released=1.0, cpus=2, **more):
    return run(
        downloads("sequential", 1.0, **more),
        *(downloads(strategy, io, **more) for strategy in ("threads", "asyncio")),
        *(computing("sequential", 1.0, kernel, **more) for kernel in ("squares", "hash")),
        *(computing(strategy, held, "squares", cpus, **more) for strategy in ("threads", "asyncio")),
        *(computing(strategy, released, "hash", cpus, **more) for strategy in ("threads", "asyncio")),
        cpus=cpus,
    )


def helped(*runs):
    return threads_io_only.judge(Evidence(runs))


def test_threads_that_help_downloads_only_are_for_downloads_only():
    assert helped(both_kinds()).verdict == "confirmed"


def test_threads_that_help_code_which_releases_the_gil_are_for_more():
    found = helped(both_kinds(released=1.9))
    assert found.verdict == "refuted"
    assert verdicts(found) == ["confirmed"] * 4 + ["refuted"] * 2


def test_threads_that_help_no_download_are_not_for_downloads():
    assert verdicts(helped(both_kinds(io=1.0)))[:2] == ["refuted"] * 2


def test_what_threads_help_takes_cpus_and_processes_to_tell():
    assert verdicts(helped(both_kinds(cpus=1))) == ["confirmed"] * 2 + ["unknown"] * 4
    assert helped(both_kinds(processes=2)).verdict == "unknown"


def test_asyncio_is_compared_with_its_usual_client_and_the_control_stands_in_for_it():
    raw = run(*(cells("downloads", "test_downloads", name, median, client="raw") for name, median in
                (("sequential", 1.3), ("threads", 0.14), ("asyncio", 0.14))))  # fmt: skip
    assert verdicts(helped(raw))[:2] == ["confirmed"] * 2


def reign(*, rival=0.5, interpreters=None, short=1.8, long=1.9, cpus=2, python="3.14.2", **more):
    """A run in which rivals have these speedups, and processes 1.8, or `short` and `long` against a plain loop."""
    rivals = {"threads": rival, "interpreters": interpreters or rival}
    return run(
        *(computing("pool-fork", 1.8, kernel, cpus, **more) for kernel in ("squares", "hash")),
        *(computing(name, speedup, kernel, cpus, **more) for name, speedup in rivals.items()
          for kernel in ("squares", "hash") if speedup > 0),
        *broken_even("sequential", dict.fromkeys(LENGTHS, 1.0), **more),
        *broken_even("pool-fork", {seconds: long if seconds >= 0.01 else short for seconds in LENGTHS}, **more),
        cpus=cpus, python=python,
    )  # fmt: skip


def broken_even(strategy, speedups, **more):
    workers = 1 if strategy == "sequential" else 2
    return [
        cells("break_even", "test_break_even", strategy, 0.5 / speedup, size=size, item_cpu_seconds=seconds,
              workers=workers, **more)
        for seconds, speedup in speedups.items()
        for size in SIZES
    ]  # fmt: skip


def reigned(*runs):
    return processes_reign.judge(Evidence(runs))


def test_processes_ahead_everywhere_reign():
    found = reigned(reign())
    assert found.verdict == "confirmed"
    assert len(found.parts) == 6
    assert len(found.parts[-1].figures) == 6


def test_a_tie_is_no_reign():
    found = reigned(reign(interpreters=1.8))
    assert verdicts(found) == ["confirmed"] * 2 + ["refuted"] * 2 + ["confirmed"] * 2


def test_short_items_end_the_reign_of_processes():
    found = reigned(reign(short=0.3))
    assert found.verdict == "refuted"
    assert verdicts(found)[-2:] == ["confirmed", "refuted"]


def test_a_python_without_interpreters_has_a_rival_less_and_says_so():
    found = reigned(reign(interpreters=-1, python="3.11.7"))
    assert found.verdict == "confirmed"
    assert len(found.parts) == 4
    assert found.warnings == ("no rival: this Python has no pool of interpreters to be ahead of; Python 3.14 has",)


def test_interpreters_that_were_not_measured_leave_it_open():
    assert reigned(reign(interpreters=-1)).verdict == "unknown"


def test_who_reigns_takes_cpus_and_processes_to_tell():
    assert reigned(reign(cpus=1)).verdict == "unknown"
    assert reigned(reign(processes=2)).verdict == "unknown"
