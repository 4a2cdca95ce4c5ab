"""How Pythons were built and what of it is on, in words: what decides speed beside their versions."""

from collections.abc import Mapping
from typing import Any

from paceline.history import Run
from paceline.text.formats import plain

_OPTIMIZATIONS = {"pgo": "PGO", "lto": "LTO", "bolt": "BOLT"}
Build = Mapping[str, object]
"""What is known of a build; None stands for what is not."""


def build_of(run: Run) -> Build:
    """Return what a run says of the Python that measured it; older runs know its compiler alone."""
    return build(run.machine_info, run.facts.get("gil"))


def build(info: Mapping[str, Any], gil: object) -> Build:
    """Return what the stable facts of a Python say of its build, and whether a free-threaded one had the GIL."""
    known = info.get("build")
    return {
        "compiler": info.get("python_compiler"),
        **(known if isinstance(known, Mapping) else {}),
        "gil": gil if info.get("free_threaded") else None,
    }


def optimizations(build: Build) -> str:
    """Return which optimizations of the compiler a build has: "PGO, no LTO"; BOLT, which few have, if it is there."""
    told = {name: build.get(key) for key, name in _OPTIMIZATIONS.items()}
    if told["PGO"] is None:
        return "PGO and LTO unknown"
    return ", ".join(name if on else f"no {name}" for name, on in told.items() if on or name != "BOLT")


def in_words(build: Build) -> str:
    """Describe a build: "GCC 12.2.0, PGO, no LTO, GIL off"."""
    jit, gil = build.get("jit"), build.get("gil")
    parts = [
        str(build.get("compiler") or "compiler unknown").strip(),
        optimizations(build),
        "a debug build" if build.get("debug") else "",
        "tail calls" if build.get("tail_calls") else "",
        f"JIT {jit}" if jit in ("on", "off") else "",
        f"GIL {gil}" if gil else "",
    ]
    return plain(", ".join(filter(None, parts)))


def differ(one: Build, other: Build) -> bool:
    """Whether two builds differ in anything that is known of both."""
    return any(one[name] != other[name] for name in one.keys() & other.keys() if None not in (one[name], other[name]))
