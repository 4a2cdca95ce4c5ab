"""Synthetic runs for the tests of claims: what an experiment would have saved, in a few words."""

import datetime as dt
import random
from pathlib import Path

from paceline.history import Cell, Run

FINGERPRINT = "linux-x86_64-made-up-2cpu-cpython-3.11"
FIELDS = set(Cell.__dataclass_fields__)


def cell(experiment, function, strategy, median=0.1, process=1, workers=2, items=20, **more):
    """Make one cell: names that are fields of a cell become these, every other name what the experiment added.

    `rounds=(...)` in place of `median` gives the rounds themselves.
    """
    known = {name: value for name, value in more.items() if name in FIELDS}
    extra = {name: value for name, value in more.items() if name not in FIELDS}
    told = [f"{name}={value}" for name, value in more.items() if name not in ("rounds", "ledger", "warnings")]
    ids = "-".join([strategy, f"workers={workers}", f"items={items}", *told, f"process={process}"])
    name = f"{function}[{ids}]"
    return Cell(
        fullname=f"benchmarks/test_{experiment}.py::{name}",
        name=name,
        experiment=experiment,
        strategy=strategy,
        items=items,
        workers=workers,
        process=process,
        extra=extra,
        **{"rounds": (median,) * 3, "workload": "Compute" if "kernel" in more else "Fetch", **known},
    )


def cells(experiment, function, strategy, medians=0.1, *, processes=3, **more):
    """Make the same cell in several processes.

    Args:
        medians: seconds, one for each process; or one number, from which the processes differ by a per cent or less.
        more: as for `cell`; a list gives each process its own value, anything else is the same in all.
    """
    each = medians if isinstance(medians, list | tuple) else about(medians, processes, (experiment, strategy, more))
    return [
        cell(experiment, function, strategy, median, number, **{name: _own(more[name], number) for name in more})
        for number, median in enumerate(each, 1)
    ]


def about(value, processes=3, seed=None):
    """Return one value for each process, each within a per cent of `value`, the same for the same arguments."""
    drawn = random.Random(str((value, processes, seed)))
    return [value * drawn.uniform(0.99, 1.01) for _ in range(processes)]


def run(*measured, cpus=2, system="Linux", fingerprint=FINGERPRINT, python="3.11.7", **facts):
    """Make a run of cells, or of lists of cells.

    Args:
        cpus: the usable CPUs.
        facts: what stands under the run's `paceline` key: `cpus_online`, `gil`, ...; `free_threaded`, `path`,
            `complete` and `why_incomplete` go where they belong.
    """
    found = [one for group in measured for one in (group if isinstance(group, list) else [group])]
    return Run(
        path=facts.pop("path", Path("results/made-up/0001_x.json")),
        fingerprint=fingerprint,
        machine_info={
            "system": system,
            "cpu": {"brand_raw": "made up", "count": float(cpus)},
            "python_implementation": "CPython",
            "python_version": python,
            "free_threaded": facts.pop("free_threaded", False),
        },
        commit={"id": "0123456789abcdef", "dirty": False},
        datetime=dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC),
        complete=facts.pop("complete", True),
        why_incomplete=facts.pop("why_incomplete", None),
        facts={"cpus_online": cpus, "gil": "on", **facts},
        cells=tuple(found),
    )


def verdicts(finding):
    """Return the verdict of each part, in order."""
    return [part.verdict for part in finding.parts]


def _own(value, number):
    return value[number - 1] if isinstance(value, list) else value
