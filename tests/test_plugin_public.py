"""What the public plugin gives another project: four fixtures, options with a prefix, and keys for its ini file."""

import json
import re

import pytest
from processes import QUICK

TAKES_IT = 'pytest_plugins = ["paceline.plugin"]'
CELL = """
import pytest
from paceline.workloads import Compute

@pytest.mark.replicated
@pytest.mark.strategies("sequential", "threads")
@pytest.mark.scale(items=[4, 5], workers=3, rounds=2)
def test_cell(measure, strategy, items, workers):
    measure(strategy(Compute("squares", 100), workers), items)
"""
MEASURES = "--benchmark-enable"


@pytest.fixture
def project(pytester):
    """`project(ini, **files)`: another project that has the plugin."""

    def made(ini="", conftest=TAKES_IT, **files):
        pytester.makeini(f"[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n{ini}")
        pytester.makeconftest(conftest)
        if files:
            pytester.makepyfile(**files)

    return made


@pytest.fixture
def run(pytester):
    return lambda *arguments: pytester.runpytest_inprocess(*QUICK, *arguments)


@pytest.fixture
def cells(run):
    """`cells(*arguments)`: what stands in the brackets of the cells' node ids, in order."""

    def collected(*arguments):
        result = run("--collect-only", "-q", MEASURES, *arguments)
        return [line.partition("[")[2][:-1] for line in sorted(result.outlines) if "::" in line]

    return collected


def listed(run):
    """The fixtures of the plugin, and the options that a session knows."""
    shown = run("--fixtures").stdout.str().partition("fixtures defined from paceline.plugin -")[2]
    fixtures = re.findall(r"^(\w+)(?: \[.*\])? -- ", shown.partition("fixtures defined from")[0], re.MULTILINE)
    return set(fixtures), set(re.findall(r"^ +(--[a-z-]+)", run("--help").stdout.str(), re.MULTILINE))


def test_a_project_gets_four_fixtures_and_options_that_begin_with_the_name(project, run):
    project(conftest="")
    nothing, before = listed(run)
    project()
    fixtures, options = listed(run)
    assert not nothing
    assert fixtures == {"measure", "strategy", "items", "workers"}
    assert {word.removeprefix("--paceline-") for word in options - before} == {
        *("items", "workers", "rounds", "strategy", "seed", "processes", "all", "keep-partial"),
    }


def test_the_command_line_comes_before_the_ini_file_and_that_before_a_mark(project, cells):
    project("paceline_items = 7", test_it=CELL)
    assert cells() == ["sequential-workers=1-items=7", "threads-workers=3-items=7"]
    assert cells("--paceline-items=9", "--paceline-workers=2", "--paceline-strategy=threads") == [
        "threads-workers=2-items=9"
    ]
    assert cells("-o", "paceline_items=8", "-o", "paceline_strategy=threads") == ["threads-workers=3-items=8"]
    project("paceline_strategy = sequential threads\npaceline_workers = 6", test_it=CELL)
    assert cells("--paceline-strategy=threads") == ["threads-workers=6-items=4", "threads-workers=6-items=5"]


def test_what_an_ini_file_says_keeps_a_session_small_that_only_checks(project, run):
    project("paceline_items = 1000\npaceline_rounds = 50", test_it=CELL)
    result = run("-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines_random(["*[[]sequential-workers=1-items=6]*", "*[[]threads-workers=3-items=6]*"])


def test_an_ini_file_may_ask_every_measuring_session_for_all_in_so_many_processes(project, cells):
    project("paceline_all = true\npaceline_processes = 1\npaceline_items = 4", test_it=CELL)
    assert cells() == ["sequential-workers=1-items=4-process=1", "threads-workers=3-items=4-process=1"]
    assert cells("-o", "paceline_all=false") == ["sequential-workers=1-items=4", "threads-workers=3-items=4"]
    assert cells("--paceline-processes=0") == ["sequential-workers=1-items=4", "threads-workers=3-items=4"]


def test_a_seed_in_the_ini_file_gives_every_session_one_order_and_is_saved(pytester, project, run):
    project("paceline_seed = 7\npaceline_strategy = threads\npaceline_keep_partial = true", test_it=CELL)
    pytester.makepyfile(test_it=f"{CELL}\ndef test_wrong(measure): assert 0")
    result = run("--benchmark-only", "-W", "default")
    result.stdout.fnmatch_lines(["paceline: *, --paceline-seed 7, storage *"])
    [kept] = pytester.path.glob("results/partial/*/*.json")
    header = json.loads(kept.read_text())["paceline"]
    assert (header["seed"], header["scale"]["strategy"], header["scale"]["items"]) == (7, ["threads"], None)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("paceline_items = 0", "paceline_items in the ini file: '0' must be a whole number of 1 or more*"),
        ("paceline_rounds = many", "paceline_rounds in the ini file: *'many'"),
        ("paceline_all = perhaps", "paceline_all in the ini file: *'perhaps'"),
        (
            "paceline_strategy = threads fibers",
            "paceline_strategy in the ini file names fibers; there are: sequential, *",
        ),
    ],
)
def test_a_wrong_value_in_the_ini_file_is_refused_with_its_key(project, run, line, complaint):
    project(line, test_it=CELL)
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {complaint}"])


THEIRS = """
import pytest

@pytest.fixture(scope="session", params=["shop", "stock"], ids="of the {}".format)
def items(request):
    return [request.param]

@pytest.fixture(name="workers")
def people(items):
    return {"ann": items}

@pytest.fixture
def client(workers):
    return "a client of the web framework's"
"""
"""A plugin of the project's own, or a web framework's."""
OWN = """
def test_own(items, workers, client):
    assert (items, client[:8]) in [(["shop"], "a client"), (["stock"], "a client")]
    assert workers == {"ann": items}

def test_both(measure, items):
    from paceline.strategies.sequential import Sequential
    from paceline.workloads import Call
    measure(Sequential(Call("builtins:len"), 1), items)
"""
PLUGINS = [["theirs", "paceline.plugin"], ["paceline.plugin", "theirs"]]


@pytest.mark.parametrize("plugins", PLUGINS, ids=["before", "after"])
def test_a_public_fixture_hides_none_of_another_plugin_whichever_is_loaded_first(project, run, plugins):
    project(conftest=f"pytest_plugins = {plugins}", theirs=THEIRS, test_it=OWN)
    result = run("-v")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines_random(["*test_own[[]of the shop]*", "*test_both[[]of the stock]*"])


WRAPS = """
import pytest

@pytest.fixture
def items(items):
    return items[:2]
"""


@pytest.mark.parametrize("plugins", PLUGINS, ids=["before", "after"])
def test_another_plugins_fixture_may_stand_on_the_public_one_of_its_name(project, cells, plugins, run):
    source = CELL.replace("    measure(", "    assert list(items) == [0, 1]\n    measure(")
    project(conftest=f"pytest_plugins = {plugins}", theirs=WRAPS, test_it=source)
    assert cells("--paceline-strategy=threads") == ["threads-workers=3-items=4", "threads-workers=3-items=5"]
    run("--paceline-items=4").assert_outcomes(passed=2)


PROCESS = """
import pytest
from paceline.strategies.sequential import Sequential
from paceline.workloads import Compute

@pytest.mark.replicated(processes=1)
@pytest.mark.scale(items=2, rounds=1)
@pytest.mark.parametrize("{name}", ["grinding"])
def test_cell(measure, items, {name}):
    assert {name} == "grinding"
    measure(Sequential(Compute("squares", 100), 1), items)
"""


@pytest.mark.parametrize(("name", "saved"), [("stage", 1), ("process", "grinding")])
def test_a_replicated_cell_may_have_a_parameter_process_of_its_own(pytester, project, run, name, saved):
    project(test_it=PROCESS.format(name=name))
    run("--benchmark-only", "test_it.py").assert_outcomes(passed=1)
    [path] = pytester.path.glob("results/*/*/*.json")
    [cell] = json.loads(path.read_text())["benchmarks"]
    assert cell["name"] == "test_cell[items=2-process=1-grinding]"
    assert (cell["extra_info"]["process"], cell["params"]["process"]) == (1, saved)


def test_a_server_of_the_projects_own_is_set_up_where_the_project_says(project, run):
    source = """
    import pytest
    from paceline.strategies.sequential import Sequential
    from paceline.workloads import Compute

    order = []

    @pytest.fixture
    def prepared():
        order.append("prepared")

    @pytest.fixture
    def instrument():
        order.append("instrument")

    def test_it(measure, prepared, instrument, items):
        assert order == ["prepared", "instrument"]
        measure(Sequential(Compute("squares", 100), 1), items)
    """
    project(test_it=source)
    run().assert_outcomes(passed=1)
