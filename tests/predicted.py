"""Cells and runs whose times follow the model, exactly or with known noise."""

import math
import random

from saved_runs import benchmark, put, saved

from paceline import machine
from paceline.predict import model
from paceline.predict.groups import Costs, Line, Setting
from paceline.predict.measured import Columns, Measured, Work
from paceline.predict.model import Parts, fit

WAITING = Parts(trip=4e-5, wake=2e-4, busy=6e-5, contention=0.6, coherency=0.002, overlap=0.5)
GRID = [
    Work(items=turns * workers, workers=workers, latency=latency, size=1024)
    for latency, turns in ((0.0, 25), (0.001, 25), (0.005, 8), (0.02, 4), (0.1, 2))
    for workers in (1, 4, 16, 64)
]
COMPUTING = Parts(busy=3e-5, stretch=1.1, contention=0.2, byte=6e-9, round_seconds=2e-3, cpus=2.0)
COMPUTED = [
    Work(items=count, workers=workers, cpu_seconds=seconds, size=size)
    for count, seconds in ((4000, 1e-5), (1000, 1e-4), (100, 1e-3), (16, 1e-2))
    for workers in (1, 2, 4)
    for size in (0, 1 << 16)
]
TWO_CPUS = Setting(cpus=2.0, gil=True)


def exactly(parts, work):
    return float(model.round_seconds(parts, Columns.of([work]))[0])


def cells(parts, works, *, strategy="pool-fork", through="raw", noise=0.0, seed=1):
    """Make a cell for each work; `noise` is the standard deviation of the logarithm of its time."""
    draw = random.Random(seed)
    return [
        Measured(
            name=f"test_made_up[{strategy}-{through}-{place}]",
            experiment="latency",
            strategy=strategy,
            through=through,
            kind="downloads" if work.latency else "computing",
            work=work,
            seconds=exactly(parts, work) * math.exp(draw.gauss(0, noise)),
        )
        for place, work in enumerate(works)
    ]


def fitted(parts=WAITING, works=GRID, noise=0.01):
    return fit(cells(parts, works, noise=noise), Parts(cpus=parts.cpus))


def costs(start=0.0, memory=(0.0, 0.0), server=0.0):
    return Costs(Line(start, 0.0), Line(*memory), server)


def downloads(strategy="threads", experiment="latency", parts=WAITING, works=GRID, **more):
    """Make benchmarks as pytest-benchmark saves them, of downloads that follow the model."""
    made = []
    for place, work in enumerate(works):
        seconds = exactly(parts, work) * (1 + 0.01 * (-1) ** place)
        told = {
            "workload": "Fetch",
            "client": "raw",
            "kernel": None,
            "items": work.items,
            "workers": work.workers,
            "latency": work.latency,
            "size": work.size,
            "limit": work.latency * math.ceil(work.items / work.workers),
            "start_seconds": 0.001 * work.workers,
            "ledger": {"cpu_seconds": 1e-5 * work.items, "responses": work.items},
        }
        one = benchmark(strategy, experiment, (seconds,) * 3, **{**told, **more})
        one["name"] = f"test_{experiment}[{strategy}-raw-{place}]"
        one["fullname"] = f"benchmarks/test_{experiment}.py::{one['name']}"
        made.append(one)
    return made


def whole(*benchmarks, fingerprint=None, **more):
    """Make a run of this machine with a cell of every experiment that is asked for where no run is named."""
    others = ("workers", "threads_knee", "in_flight", "computing", "too_many", "memory")
    besides = [benchmark("processes", name, (0.1,)) for name in others]
    data = saved(*benchmarks, *besides, fingerprint=fingerprint or machine.fingerprint(), **more)
    data["machine_info"]["cpu"] = {"brand_raw": "made up", "count": 2.0}
    return data


def history(root, *benchmarks, number=1, **more):
    """Save such a run, and give its path."""
    return put(root, whole(*(benchmarks or downloads()), **more), number)
