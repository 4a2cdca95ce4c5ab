"""Runs with exact numbers, for the tests of whatever reads saved runs."""

import json
from pathlib import Path

from pytest_benchmark.stats import Stats

FINGERPRINT = "linux-x86_64-made-up-2cpu-cpython-3.11"
FOLDER = "Linux-CPython-3.11-64bit"
PARTIAL = f"partial/{FINGERPRINT}"


def benchmark(strategy="threads", experiment="downloads", rounds=(0.2, 0.21, 0.22), **extra):
    """Make one benchmark as pytest-benchmark saves it."""
    known = {
        "experiment": experiment,
        "strategy": strategy,
        "options": {},
        "workload": "Fetch" if experiment == "downloads" else "Compute",
        "client": "requests" if experiment == "downloads" else None,
        "items": 64,
        "workers": 1 if strategy == "sequential" else 10,
        "latency": 0.02 if experiment == "downloads" else None,
        "size": None,
        "share": None,
        "kernel": None if experiment == "downloads" else "squares",
        "limit": None,
        "efficiency": None,
        "overhead": None,
        "ledger": None,
        "start_seconds": None,
        "stop_seconds": None,
        "cpu_seconds": None,
        "context_switches": None,
        "server_share": None,
        "warnings": [],
        **extra,
    }
    stats = Stats()
    stats.data = list(rounds)
    name = f"test_{experiment}[{strategy}-{known['client'] or known['kernel']}-workers={known['workers']}]"
    return {
        "group": None,
        "name": name,
        "fullname": f"benchmarks/test_{experiment}.py::{name}",
        "params": {},
        "param": None,
        "extra_info": known,
        "options": {},
        "stats": {**stats.as_dict(), "data": stats.data, "iterations": 1},
    }


def saved(
    *benchmarks, fingerprint=FINGERPRINT, complete=True, why=None, python="3.11.7", when="2026-11-22T12:00:00+00:00"
):
    """Make a whole run as pytest-benchmark saves it."""
    return {
        "machine_info": {
            "python_implementation": "CPython",
            "python_version": python,
            "libraries": {"requests": "2.34.2"},
        },
        "commit_info": {"id": "0123456789abcdef", "dirty": False, "branch": "main"},
        "benchmarks": list(benchmarks) or [benchmark()],
        "datetime": when,
        "version": "5.3.1",
        "paceline": {
            "schema": 1,
            "version": "0.1.0",
            "fingerprint": fingerprint,
            "complete": complete,
            "why_incomplete": why,
            "seed": 7,
            "scale": {"items": 64},
            "gil": "on",
        },
    }


def put(root: Path, data, number=1, folder=None):
    """Save a run where a history expects it, or in `folder`."""
    path = root / (folder or f"{data['paceline']['fingerprint']}/{FOLDER}") / f"{number:04}_made-up.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data), encoding="utf-8")
    return path
