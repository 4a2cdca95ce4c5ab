"""Whole histories with exact numbers, for the tests of check, baseline and trend."""

import math
import random

from saved_runs import benchmark, put, saved

from paceline import machine
from paceline.cli import main

HERE = machine.fingerprint()
ELSEWHERE = "darwin-arm64-made-up-8cpu-cpython-3.13"
NAMES = [f"cell{index}" for index in range(6)]


def fullname(name):
    return f"benchmarks/test_downloads.py::test_downloads[{name}]"


def noisy(runs, deviation=0.004, seed=1):
    """Draw factors around 1, one a run."""
    draw = random.Random(seed)
    return [math.exp(draw.gauss(0, deviation)) for _ in range(runs)]


def write(root, factors, *, start=1, fingerprint=HERE, change=lambda _, data: data):
    """Save a history: `factors` gives for each cell's name its median in each run, None where the run doesn't have it.

    Each run has a commit and a day of its own; `change` may alter it before it is saved.
    """
    for place in range(max(map(len, factors.values()))):
        number = start + place
        cells = []
        for name, values in factors.items():
            if place < len(values) and values[place] is not None:
                one = benchmark(rounds=(values[place],) * 3)
                one["name"], one["fullname"] = f"test_downloads[{name}]", fullname(name)
                cells.append(one)
        data = saved(*cells, fingerprint=fingerprint, when=f"2026-01-01T{number // 60:02}:{number % 60:02}:00+00:00")
        data["commit_info"]["id"] = f"c{number:039}"
        put(root, change(number, data), number)


def quiet(runs, names=NAMES):
    """Draw a history in which nothing moves."""
    return {name: noisy(runs, seed=seed) for seed, name in enumerate(names, start=7)}


def stepped(runs=24, at=14, names=("cell2",), factor=1.2):
    """Draw a history in which the cells of these names take longer from one run on."""
    factors = quiet(runs)
    for name in names:
        factors[name] = [value * (factor if place >= at - 1 else 1) for place, value in enumerate(factors[name])]
    return factors


def newer(number, data):
    """Let run 14 and later have other libraries and another Python, and look for a library that no run before did."""
    data["machine_info"]["libraries"] = {"requests": "2.34.2", "uvloop": None}
    if number >= 14:
        libraries = {"requests": "3.0", "uvloop": "0.23", "trio": "0.35"}
        data["machine_info"] |= {"python_version": "3.11.8", "libraries": libraries}
    return data


def traced(*numbers):
    """Change these runs of a history, as if they had been measured beside a tracer: one of their cells says so."""

    def change(number, data):
        if number in numbers:
            data["benchmarks"][0]["extra_info"]["warnings"] = ["noisy: it was", "tracer: with coverage on, it is slow"]
        return data

    return change


def ended(command, *words):
    """Run a command; returns its exit status."""
    return main([command, *map(str, words)])
