"""Which cells an experiment has: its marks, and what the command line makes of them."""

from pathlib import Path

import pytest

from paceline.plugin import choices
from paceline.plugin.choices import SLOW_STARTERS

FETCH = """
import pytest

pytestmark = [{marks}]

def test_fetch(measure, strategy, fetch, items, workers):
    measure(strategy(fetch, workers), items)
"""


@pytest.fixture(autouse=True)
def project(pytester):
    pytester.makeini("[pytest]\naddopts = --strict-markers\nfilterwarnings = error")
    pytester.makeconftest('pytest_plugins = ["paceline.plugin.laboratory"]')


@pytest.fixture
def cells(pytester):
    """`cells(marks, *arguments)`: what stands in the brackets of an experiment's node ids, sorted."""

    def collected(marks, *arguments, source=FETCH):
        pytester.makepyfile(test_lab=source.format(marks=marks))
        lines = pytester.runpytest("--collect-only", "-q", "-p", "no:cacheprovider", *arguments).outlines
        found = [line.partition("[")[2].removesuffix("]") for line in lines if line.startswith("test_lab.py::")]
        return sorted(found)

    return collected


MEASURED = "--benchmark-enable"
TWO = 'pytest.mark.strategies("sequential", "threads")'


def test_a_list_in_the_scale_makes_a_sweep_in_which_equal_cells_are_one(cells):
    assert cells(f"{TWO}, pytest.mark.scale(workers=[1, 4, 16])", MEASURED) == [
        "sequential-requests-workers=1-items=64-latency=20ms-size=1KiB",
        "threads-requests-workers=1-items=64-latency=20ms-size=1KiB",
        "threads-requests-workers=16-items=64-latency=20ms-size=1KiB",
        "threads-requests-workers=4-items=64-latency=20ms-size=1KiB",
    ]


def test_lists_run_in_step(cells):
    assert cells(f"{TWO}, pytest.mark.scale(items=[9, 5], latency=[0.001, 0.1], workers=3)", MEASURED) == [
        "sequential-requests-workers=1-items=5-latency=100ms-size=1KiB",
        "sequential-requests-workers=1-items=9-latency=1ms-size=1KiB",
        "threads-requests-workers=3-items=5-latency=100ms-size=1KiB",
        "threads-requests-workers=3-items=9-latency=1ms-size=1KiB",
    ]


def test_the_command_line_takes_the_place_of_a_sweep(cells):
    assert cells(f"{TWO}, pytest.mark.scale(workers=[1, 4, 16])", MEASURED, "--workers=5") == [
        "sequential-requests-workers=1-items=64-latency=20ms-size=1KiB",
        "threads-requests-workers=5-items=64-latency=20ms-size=1KiB",
    ]


def test_a_session_that_measures_nothing_keeps_a_sweep_small(cells):
    assert cells('pytest.mark.strategies("threads"), pytest.mark.scale(workers=[4, 100, 9000], latency=1.0)') == [
        "threads-requests-workers=4-items=6-latency=2ms-size=1KiB",
        "threads-requests-workers=8-items=6-latency=2ms-size=1KiB",
    ]


def test_what_an_experiment_parametrizes_itself_is_left_to_it(pytester):
    pytester.makeconftest("""
        import pytest

        pytest_plugins = ["paceline.plugin.laboratory"]

        def pytest_generate_tests(metafunc):
            if "size" in metafunc.fixturenames:
                metafunc.parametrize("size", [7, 8])

        @pytest.fixture
        def n(n):
            return n + 1
    """)
    pytester.makepyfile(
        test_lab="""
        import pytest

        pytestmark = [pytest.mark.scale(n=1000), pytest.mark.parametrize(argnames=["items"], argvalues=[([3],)])]

        def pytest_generate_tests(metafunc):
            if "latency" in metafunc.fixturenames:
                metafunc.parametrize(argnames="latency", argvalues=[0.001])

        @pytest.mark.parametrize(argnames="workers ", argvalues=[2])
        class TestIt:
            def pytest_generate_tests(self, metafunc):
                metafunc.parametrize("client", ["raw"])

            @pytest.mark.strategies("threads")
            @pytest.mark.parametrize(argnames=("process", "kernel"), argvalues=[("grinding", "squares")])
            def test_it(self, measure, strategy, compute, workers, items, size, latency, client, process, n):
                assert (items, latency, client, process, n) == ([3], 0.001, "raw", "grinding", 1001)
                assert measure(strategy(compute, workers), items).process is None
    """
    )
    result = pytester.runpytest("-v", "-p", "no:cacheprovider", "--benchmark-enable")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines_random(["*::test_it[raw-0.001-threads-n=1000-7-*", "*::test_it[raw-0.001-*-8-*"])


def test_a_parameter_without_a_cell_says_where_it_has_a_value(pytester):
    pytester.makepyfile("def test_it(strategy): pass")
    result = pytester.runpytest("-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["*'strategy' has no value here: it gets one in tests that measure, *"])
    result.assert_outcomes(errors=1)


def test_a_sweep_needs_no_strategy(cells):
    source = """
import pytest
from paceline.strategies.threads import Threads

@pytest.mark.parametrize("kernel", ["squares"])
@pytest.mark.scale(workers=[1, 2], items=5)
def test_compute(measure, compute, items, workers):
    measure(Threads(compute, workers), items)
"""
    assert cells("", source=source) == ["workers=1-items=5-n=2000-squares", "workers=2-items=5-n=2000-squares"]


def test_the_share_of_a_mixed_item_stands_in_the_node_id(cells):
    source = """
import pytest

pytestmark = [{marks}]

def test_mixed(measure, strategy, mixed, items, workers):
    measure(strategy(mixed, workers), items)
"""
    marks = 'pytest.mark.strategies("asyncio"), pytest.mark.scale(share=[0.25, 0.125], size=0)'
    assert cells(marks, MEASURED, source=source) == [
        "asyncio-aiohttp-workers=10-items=64-latency=20ms-size=0B-share=12.5%",
        "asyncio-aiohttp-workers=10-items=64-latency=20ms-size=0B-share=25%",
    ]


def test_a_list_of_clients_gives_each_strategy_those_that_fit_it(cells):
    found = cells('pytest.mark.strategies("asyncio", "threads"), pytest.mark.clients("requests", "aiohttp", "raw")')
    assert [cell.partition("-workers")[0] for cell in found] == [
        "asyncio-aiohttp",
        "asyncio-raw",
        "threads-raw",
        "threads-requests",
    ]


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["--strategy=threads", "--strategy=pool-fork"], ["threads-raw", "threads-requests"]),
        (["--client=raw"], ["asyncio-raw", "sequential-raw", "threads-raw"]),
        (["--client=raw", "--strategy=sequential"], ["sequential-raw"]),
        (["--client=aiohttp", "--strategy=asyncio"], ["asyncio-aiohttp"]),
    ],
)
def test_the_command_line_chooses_among_what_an_experiment_measures(cells, arguments, left):
    marks = 'pytest.mark.strategies("sequential", "threads", "asyncio"), pytest.mark.clients("requests", "raw")'
    found = cells(marks, *arguments)
    assert [cell.partition("-workers")[0] for cell in found] == left


@pytest.mark.parametrize("arguments", [["--strategy=asyncio"], ["--client=aiohttp"]])
def test_an_experiment_of_which_nothing_is_left_is_skipped_with_the_reason(pytester, cells, arguments):
    assert cells(f'{TWO}, pytest.mark.clients("requests", "raw")', *arguments) == ["none"]
    result = pytester.runpytest("-rs", "-p", "no:cacheprovider", *arguments)
    result.assert_outcomes(skipped=1)
    told = "*--paceline-strategy and --client leave nothing of it; it measures sequential, threads"
    result.stdout.fnmatch_lines([told])


@pytest.mark.parametrize(
    ("arguments", "taken"),
    [
        ([], False),
        ([MEASURED], False),
        (["--all"], False),  # there is more to measure with it, and this session measures nothing
        (["--strategy=dask"], True),
        ([MEASURED, "--strategy=dask"], True),
        ([MEASURED, "--all"], True),
    ],
)
def test_a_heavy_strategy_is_taken_in_when_it_is_named_or_all_is_measured(cells, arguments, taken):
    found = cells('pytest.mark.strategies("threads", "dask"), pytest.mark.scale(workers=2)', *arguments)
    assert ("dask" in [cell.partition("-")[0] for cell in found]) == taken


@pytest.mark.parametrize(("arguments", "processes"), [([], 1), (["--strategy=dask"], 3)])
def test_one_process_is_enough_for_a_heavy_strategy_that_nobody_named(cells, arguments, processes):
    marks = 'pytest.mark.strategies("threads", "dask"), pytest.mark.replicated'
    found = cells(marks, MEASURED, "--all", *arguments)
    assert len([cell for cell in found if cell.startswith("dask-")]) == processes
    assert len([cell for cell in found if cell.startswith("threads-")]) == (0 if arguments else 3)


@pytest.mark.parametrize(
    ("arguments", "taken"),
    [
        ([], True),
        ([MEASURED], False),
        ([MEASURED, "--strategy=asyncio"], True),
        ([MEASURED, "--all"], True),
    ],
)
def test_a_strategy_that_an_experiment_leaves_for_later_is_measured_when_it_is_asked_for(cells, arguments, taken):
    found = cells('pytest.mark.strategies("threads", "asyncio", later=["asyncio"])', *arguments)
    assert ("asyncio" in [cell.partition("-")[0] for cell in found]) == taken


@pytest.mark.parametrize(
    ("mark", "arguments", "measured"),
    [
        ("extended", [MEASURED], False),
        ("extended", [MEASURED, "--all"], True),
        ("extended", [MEASURED, "test_lab.py"], True),
        ("extended(on_request=True)", [MEASURED], False),
        ("extended(on_request=True)", [MEASURED, "--all"], False),
        ("extended(on_request=True)", [MEASURED, "test_lab.py"], True),
        ("extended(on_request=True)", [], True),
    ],
)
def test_an_extended_experiment_waits_until_it_is_asked_for(cells, mark, arguments, measured):
    assert bool(cells(f"{TWO}, pytest.mark.{mark}", *arguments)) == measured


@pytest.mark.parametrize("way", ["../missing/../test_lab.py::test_fetch", "../link/test_lab.py"])
def test_a_file_is_named_by_whatever_way_leads_to_it(pytester, monkeypatch, cells, way):
    pytester.mkdir("below")
    pytester.path.joinpath("link").symlink_to(pytester.path)
    monkeypatch.chdir("below")
    assert cells(f"{TWO}, pytest.mark.extended(on_request=True)", MEASURED, way)


def test_the_tests_of_this_repository_are_left_out_of_a_session_that_only_measures(pytester):
    pytester.makeconftest(Path(__file__).parents[1].joinpath("conftest.py").read_text())
    pytester.makepyfile(**{"tests/test_it": "def test_it(): pass", "benchmarks/test_lab": FETCH.format(marks=TWO)})
    for testpaths in ("tests benchmarks", "benchmarks"):
        collecting = ["--collect-only", "-q", "-p", "no:cacheprovider", "-o", f"testpaths={testpaths}"]
        lines = pytester.runpytest("--benchmark-only", *collecting).outlines
        assert {line.partition("::")[0] for line in lines if "::" in line} == {"benchmarks/test_lab.py"}


def test_an_experiment_of_heavy_strategies_is_skipped_with_the_way_to_measure_it(pytester, cells):
    assert cells(f"pytest.mark.strategies(*{SLOW_STARTERS})") == ["none"]
    result = pytester.runpytest("-rs", "-p", "no:cacheprovider")
    result.assert_outcomes(skipped=1)
    told = "*take seconds to start; they are measured with --paceline-all, or when --paceline-strategy names them"
    result.stdout.fnmatch_lines([told])


def test_the_help_says_which_strategies_start_slowly(pytester):
    shown = " ".join(pytester.runpytest("--help", "-p", "no:cacheprovider").stdout.str().split())
    names = ", ".join(SLOW_STARTERS)
    assert f"slow ones, which take seconds to start ({names}), are left out unless named here" in shown


@pytest.mark.parametrize(
    ("marks", "complaint"),
    [
        (
            'pytest.mark.strategies(later=["trios"])',
            "test_fetch: its strategies mark names trios; there are: sequential, *",
        ),
        ('pytest.mark.strategies("thread")', "test_fetch: its strategies mark names thread; there are: sequential, *"),
        ('pytest.mark.clients("raw", "curl")', "test_fetch: its clients mark names curl; there are: requests, *"),
        (
            "pytest.mark.scale(items=[1, 2], n=[1])",
            "test_fetch: wrong scale mark: its lists run in step *: items has 2, n has 1",
        ),
        ("pytest.mark.scale(rounds=[1, 2])", "test_fetch: wrong scale mark: rounds are the same in all cells *"),
        ("pytest.mark.scale(share=1.0)", "test_fetch: wrong scale mark: share must be from 0 to below 1, not 1.0"),
        (
            "pytest.mark.replicated(processes=True)",
            "test_fetch: wrong replicated mark: processes must be a whole number of 0 or more, not True",
        ),
    ],
)
def test_a_mark_that_means_nothing_names_the_experiment(pytester, marks, complaint):
    pytester.makepyfile(test_lab=FETCH.format(marks=marks))
    result = pytester.runpytest("-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"test_lab.py::{complaint}"])


@pytest.mark.parametrize(
    ("marked", "complaint"),
    [
        ({"items": 0}, "items must be a whole number of 1 or more, not 0"),
        ({"items": [4, True]}, "items must be a whole number of 1 or more, not True"),
        ({"workers": 1.5}, "workers must be a whole number of 1 or more, not 1.5"),
        ({"n": "2000"}, "n must be a whole number of 1 or more, not '2000'"),
        ({"rounds": 0}, "rounds must be a whole number of 1 or more, not 0"),
        ({"size": -1}, "size must be a whole number of 0 or more, not -1"),
        ({"latency": -0.1}, "latency must be seconds from 0 to 3600, not -0.1"),
        ({"latency": True}, "latency must be seconds from 0 to 3600, not True"),
        ({"latency": float("nan")}, "latency must be seconds from 0 to 3600, not nan"),
        ({"share": ""}, "share must be from 0 to below 1, not ''"),
    ],
)
def test_a_part_of_a_scale_that_is_no_number_or_out_of_range_is_refused(marked, complaint):
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        choices.chosen(marked, {}, lesson=False, small=False)


def test_one_worker_per_cpu_can_be_asked_for_in_a_mark(monkeypatch):
    monkeypatch.setattr(choices.machine, "whole_cpus", lambda: 3)
    assert [each.workers for each in choices.chosen({"workers": "cpus"}, {}, lesson=False, small=False)] == [3]
    assert [each.workers for each in choices.chosen({"workers": [1, "cpus"]}, {}, lesson=False, small=False)] == [1, 3]


def test_the_lesson_takes_the_place_of_a_sweep():
    marked = {"items": [1, 2], "lesson": {"items": 160}}
    assert [each.items for each in choices.chosen(marked, {}, lesson=True, small=False)] == [160]
