"""Tables, letter by letter against golden files, and on their way to terminals and pipes.

After a change made on purpose, PACELINE_GOLDEN=write pytest tests/test_report_tables.py writes the golden files anew.
"""

import io
import os
import subprocess
import sys
from pathlib import Path

import arbitrary_runs
import pytest
from hypothesis import given
from rich.text import Text
from saved_runs import benchmark, saved

from paceline.history import Run, UnreadableRun, from_json
from paceline.history.storage import strict
from paceline.tables import runs
from paceline.tables.rows import speedup
from paceline.text import formats

GOLDEN = Path(__file__).parent / "golden"
ORDER = ("sequential", "threads", "asyncio", "pool-fork")


def cell(strategy, experiment, median, **extra):
    return benchmark(strategy, experiment, (0.98 * median, median, 1.02 * median), **extra)


def downloads(strategy, median, client="requests", **extra):
    limit = 1.28 if strategy == "sequential" else 0.14
    figures = {"limit": limit, "efficiency": limit / median, "overhead": (median - limit) / 64}
    return cell(strategy, "downloads", median, client=client, **figures, **extra)


def computing(strategy, median, **extra):
    workers = 1 if strategy == "sequential" else 2
    limit = 2.0 / workers
    figures = {"limit": limit, "efficiency": limit / median, "overhead": (median - limit) / 20}
    return cell(strategy, "computing", median, **{"items": 20, "workers": workers, **figures, **extra})


def lesson(**facts):
    """Make a run with exact numbers, in the shuffled order that runs are measured in."""
    return saved(
        computing("pool-fork", 1.05, start_seconds=0.025, options={"start_method": "fork", "chunksize": 1}),
        downloads("asyncio", 0.147, "aiohttp", start_seconds=0.0031, warnings=["client-bound: 8 of 10", "noisy: 12 %"]),
        downloads("threads", 0.142, "raw", start_seconds=0.0009),
        computing("sequential", 2.0, start_seconds=0.0001),
        downloads("threads", 0.152, start_seconds=0.0011),
        downloads("sequential", 1.34, start_seconds=0.0001),
        computing("threads", 2.1, start_seconds=0.0008, warnings=["odd: seen by nobody before"]),
        cell("threads", "computing", 0.9, items=20, workers=2, kernel="hash"),
        **facts,
    )


@pytest.fixture
def run():
    return from_json(lesson(), Path("results/here/0003_x.json"))


def printed(renderables):
    stream = io.StringIO()
    formats.render(renderables, stream)
    return stream.getvalue()


def assert_golden(name, text):
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("PACELINE_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_headline_shows_each_strategy_once_a_client(run):
    assert_golden("report_headline", printed(runs.headline(run.cells, ORDER)))


def test_the_headline_of_one_experiment_leaves_the_other_out(run):
    cells = [cell for cell in run.cells if cell.experiment == "computing"]
    assert_golden("report_headline_computing", printed(runs.headline(cells)))


def test_a_headline_tells_rows_apart_that_differ_in_scale_only():
    cells = from_json(saved(downloads("threads", 0.1, workers=4), downloads("threads", 0.2, workers=2))).cells
    text = printed(runs.headline(cells))
    assert "threads, requests (workers=2)" in text
    assert "threads, requests (workers=4)" in text


def test_without_its_cells_there_is_no_headline():
    assert runs.headline(from_json(saved(cell("threads", "scaling", 1.0))).cells) == []


def test_every_experiment_has_its_table(run):
    assert_golden("report_experiments", printed(runs.experiment_tables(run, ORDER)))


def test_the_change_between_two_runs_stands_beside_their_spreads(run):
    other = from_json(saved(downloads("threads", 0.19), downloads("pool-fork", 0.2), computing("threads", 2.0)))
    assert_golden("report_changes", printed(runs.change_tables(run, other, ORDER)))


def test_runs_of_different_machines_are_never_compared_in_silence(run):
    other = from_json(lesson(fingerprint="another-machine"))
    first = printed(runs.change_tables(run, other)).splitlines()[0]
    assert first.startswith(
        "DIFFERENT MACHINES OR PYTHONS: baseline linux-x86_64-made-up-2cpu-cpython-3.11, candidate an"
    )


def test_runs_of_different_pythons_are_never_compared_in_silence(run):
    other = from_json(lesson(python="3.11.8"))
    assert printed(runs.change_tables(run, other)).startswith(
        "DIFFERENT PYTHONS: baseline CPython 3.11.7, candidate CPython 3.11.8.\n"
    )


def test_libraries_that_moved_are_named(run):
    data = lesson()
    data["machine_info"]["libraries"] = {"requests": "2.35.0", "new": "1"}
    text = printed(runs.change_tables(run, from_json(data)))
    assert text.startswith("NOT THE SAME VERSION OF requests: 2.34.2 and 2.35.0.\n")
    assert "new" not in text


def test_incomplete_runs_are_never_compared_in_silence(run):
    other = from_json(lesson(complete=False, why="Ctrl-C"))
    assert printed(runs.change_tables(run, other)).startswith("THE CANDIDATE IS INCOMPLETE: Ctrl-C.\n")


def test_runs_without_a_common_cell_say_so(run):
    text = printed(runs.change_tables(run, from_json(saved(cell("threads", "scaling", 1.0)))))
    assert text.startswith("The two runs have no cell in common.\n")


def test_equal_runs_have_no_doubts_and_no_change(run):
    text = printed(runs.change_tables(run, run))
    assert text.count("+0.0 %") == len(run.cells)
    assert "DIFFERENT" not in text
    assert "Only in" not in text


def test_what_is_saved_is_listed_with_what_can_not_be_read(run):
    partial = from_json(lesson(complete=False, why="Ctrl-C"), Path("results/partial/here/0001_x.json"))
    damaged = UnreadableRun(Path("results/here/0004_x.json"), "it is empty; remove it")
    assert_golden("report_listing", printed(runs.listing([run, run], [partial], [damaged])))


def cells_of(*benchmarks):
    return from_json(saved(*benchmarks)).cells


def test_speedup_starts_from_sequential_with_the_same_client():
    cells = cells_of(
        downloads("sequential", 2.0), downloads("sequential", 1.0, "raw"), downloads("threads", 0.5, "raw")
    )
    assert speedup(cells[2], cells) == 2.0


def test_speedup_of_another_client_does_not_start_from_the_control():
    cells = cells_of(
        downloads("sequential", 1.0, "raw"), downloads("sequential", 2.0), downloads("asyncio", 0.5, "aiohttp")
    )
    assert speedup(cells[2], cells) == 4.0


def test_speedup_is_over_the_plain_loops_that_took_turns_with_the_rounds_where_there_are_any():
    loop, threads = benchmark("sequential", "computing", (2.0,)), benchmark("threads", "computing", (1.0,))
    loop["extra_info"]["speedup_over_loop"], threads["extra_info"]["speedup_over_loop"] = 1.1, 1.5
    cells = cells_of(loop, threads)
    assert [speedup(cell, cells) for cell in cells] == [1.0, 1.5]


def test_speedup_needs_the_same_work():
    cells = cells_of(downloads("sequential", 2.0, items=32), downloads("threads", 0.5))
    assert speedup(cells[1], cells) is None


def test_speedup_starts_from_the_same_share_of_computing():
    half, most = downloads("sequential", 2.0, share=0.5), downloads("sequential", 1.0, share=0.9)
    most["fullname"] += "most"
    cells = cells_of(half, most, downloads("threads", 0.5, share=0.9))
    assert speedup(cells[2], cells) == 2.0


def test_speedup_starts_from_as_many_steps():
    few, many, own = (
        benchmark(name, "computing", (seconds,), n=n)
        for name, seconds, n in (("sequential", 1.0, 100), ("sequential", 2.0, 200), ("threads", 1.0, 200))
    )
    many["fullname"] += "many"
    cells = cells_of(few, many, own)
    assert speedup(cells[2], cells) == 2.0


def test_speedup_is_unknown_where_it_could_start_from_two_cells():
    first, second = downloads("sequential", 2.0), downloads("sequential", 1.0)
    second["fullname"] += "again"
    cells = cells_of(first, second, downloads("threads", 0.5))
    assert speedup(cells[2], cells) is None


def test_a_pipe_gets_whole_lines_without_colours(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("FORCE_COLOR", "1")
    text = printed(runs.experiment_tables(run))
    assert "\x1b" not in text
    assert "…" not in text
    assert "client-bound, noisy" in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_terminal_gets_the_same_text_with_colours(run, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    formats.render(runs.experiment_tables(run), stream)
    plain = Text.from_ansi(stream.getvalue()).plain
    assert "\x1b[1m" in stream.getvalue()
    assert [line.rstrip() for line in plain.splitlines()] == printed(runs.experiment_tables(run)).splitlines()


def test_a_stream_that_knows_only_ascii_gets_only_ascii(run):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    formats.render([*runs.experiment_tables(run), Text("é")], stream)
    stream.flush()
    text = raw.getvalue().decode("ascii")
    assert "threads" in text
    assert "\\xe9" in text


def test_nothing_in_a_file_is_taken_for_markup_or_steers_the_terminal():
    odd = downloads("[bold]th\x1b[2Jreads", 0.1, "[/red]:smile:", warnings=["[blink]\x07: x\x1b[0m"])
    text = printed(runs.headline(from_json(saved(odd)).cells))
    assert "\x1b" not in text
    assert "[bold]th\\x1b[2Jreads, [/red]:smile:" in text
    assert "[blink]\\x07: x\\x1b[0m" in text


def test_a_line_is_as_long_as_it_needs_to_be():
    line = "many words " * 40 + "end"
    assert printed([Text("short"), Text(line)]) == f"short\n{line}\n"


@given(arbitrary_runs.runs(), arbitrary_runs.runs())
def test_whatever_can_be_read_can_be_shown(one, other):
    before, after = from_json(strict(one).encode()), from_json(strict(other).encode())
    text = printed(
        [
            *runs.headline(after.cells, ORDER),
            *runs.experiment_tables(after, ORDER),
            *runs.change_tables(before, after, ORDER),
            *runs.listing([before], [after], []),
            runs.introduced(after),
        ]
    )
    assert all(line.isprintable() for line in text.split("\n"))


def test_nothing_prints_nothing():
    assert printed([]) == ""


def test_the_house_look_aligns_figures_to_the_right():
    made = formats.table(["name", "figure"], left=1)
    formats.row(made, ["a", "1"])
    formats.row(made, ["b", "1000"])
    assert printed([made]).splitlines()[2:] == ["a           1", "b        1000"]


def test_cells_are_all_that_tables_need():
    assert isinstance(from_json(lesson()), Run)
    code = "import sys, paceline.history, paceline.machine; print('rich' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


def shown(*benchmarks):
    stream = io.StringIO()
    formats.render(runs.experiment_tables(from_json(saved(*benchmarks))), stream)
    return stream.getvalue()


def test_numbers_that_an_experiment_adds_have_a_column_and_its_words_tell_rows_apart():
    bare = {"limit": None, "efficiency": None, "overhead": None}
    text = shown(
        benchmark("wrk", "instrument", server="ours", requests_per_second=117605.3, p99_seconds=0.00156, **bare),
        benchmark(
            "wrk", "instrument", server="theirs", workers=50, requests_per_second=19601, rss_bytes=48 * 2**20, **bare
        ),
    )
    [heads] = [line for line in text.splitlines() if "requests per second" in line]
    assert all(head in heads for head in ("p99 seconds", "rss bytes"))
    [ours] = [line for line in text.splitlines() if "server=ours" in line]
    assert "117,605" in ours
    assert "1.56 ms" in ours
    [theirs] = [line for line in text.splitlines() if "server=theirs" in line]
    assert "48.0 MiB" in theirs


def test_a_column_that_says_nothing_is_left_out():
    text = shown(benchmark("wrk", "instrument", limit=None, efficiency=None, overhead=None))
    assert "median" in text
    assert not any(head in text for head in ("limit", "efficiency", "overhead", "marks"))


def test_experiments_outside_the_headline_have_tables_of_their_own():
    run = from_json(saved(benchmark("threads", "downloads"), benchmark("threads", "sweep")))
    stream = io.StringIO()
    formats.render(runs.other_experiments(run.cells), stream)
    assert stream.getvalue().startswith("sweep")
    assert "downloads" not in stream.getvalue()
    assert runs.other_experiments(run.cells[:1]) == []


def test_a_library_that_switched_the_gil_on_is_named_below_the_table():
    doubt = "x.y switched the GIL on, so that threads compute one at a time"
    text = shown(benchmark(warnings=[f"gil: {doubt}"]), benchmark("sequential"))
    assert f"gil: {doubt}" in text.splitlines()
