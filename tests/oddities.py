"""Runs of our own experiments as a damaged or foreign file may hold them, for the tests of the report's parts."""

from dataclasses import replace

from arbitrary_runs import ANYTHING, EXTRAS, ROUNDS
from claimed import cells
from hypothesis import Phase, settings
from hypothesis import strategies as st
from saved_runs import benchmark, saved

from paceline.history import from_json
from paceline.report.model import Report, columns
from paceline.report.output import in_script, page

drawing = settings(
    max_examples=settings.default.max_examples // 5, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
"""For tests that draw: an example takes a second, and making it small would take thousands."""

MARKUP = "</script><b>\n\"'&"


def odd_runs(keys, added):
    """Draw runs of up to five cells.

    Args:
        keys: pairs of an experiment and its test function.
        added: the names of figures that the experiments add; or name -> what is drawn for it.
    """
    numbers = st.none() | st.integers(-5, 2**40) | st.floats() | ANYTHING
    drawn = added if isinstance(added, dict) else dict.fromkeys(added, numbers)
    figures = st.fixed_dictionaries({}, optional=drawn)
    one = st.tuples(st.sampled_from(keys), EXTRAS, figures, ROUNDS, st.none() | st.integers(1, 2))
    return st.lists(one, max_size=5).map(_saved)


def _saved(drawn):
    made = []
    for place, ((experiment, function), extra, figures, rounds, process) in enumerate(drawn):
        cell = benchmark(rounds=rounds)
        cell["name"] = f"{function}[{place}]"
        cell["fullname"] = f"benchmarks/test_{experiment}.py::{cell['name']}"
        cell["extra_info"] = {"experiment": experiment, **extra, **figures, "process": process}
        made.append(cell)
    return from_json({**saved(), "benchmarks": made})


def panels_of(section):
    return [panel for row in section.rows for panel in row]


def assert_whole(section):
    """Look at what every panel of a part has to have."""
    assert section.rows or section.missing
    for panel in panels_of(section):
        assert panel.says
        assert panel.key == panel.key.strip("-").lower()
        assert all(len(row) == len(panel.table.columns) for row in panel.table.rows)
        assert in_script({"spec": panel.chart.spec, "data": panel.chart.data})
        assert_in_legends(panel.chart)


def assert_in_legends(chart):
    """Look whether every strategy of a chart has a colour, and a place in the legend where there is one."""
    names = {row["strategy"] for rows in chart.data.values() for row in rows if "strategy" in row}
    hues = [layer.get("encoding", {}).get("color", {}) for layer in chart.spec.get("layer", [])]
    for hue in (hue for hue in hues if hue.get("field") == "strategy"):
        assert names <= set(hue["scale"]["domain"])
        assert hue["legend"] is None or names == set(hue["legend"]["values"])


def assert_on_a_page(section):
    """Put a part on a page, on which no text of a run is markup."""
    whole = page(Report(title="x", made=(), sections=(section,)), "0")
    assert whole.endswith("</html>")
    assert "<b>" not in whole.partition("<main")[2].partition("</main>")[0]


def replicas(experiment, function, strategy, medians, told="", **more):
    """Make a cell in several processes, whose names differ by the process only.

    Args:
        told: what stands in the name beside strategy and workers.
        more: as for `claimed.cells`.
    """
    made = []
    for one in cells(experiment, function, strategy, medians, **more):
        name = f"{function}[{strategy}-workers={one.workers}{told}-process={one.process}]"
        made.append(replace(one, name=name, fullname=f"benchmarks/test_{experiment}.py::{name}"))
    return made


def made(part, *runs, order=("sequential", "threads", "asyncio", "pool-fork", "interpreters")):
    """Return a part's section for these runs, a column each."""
    return part.section(columns(runs, {}, order))
