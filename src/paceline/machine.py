"""What is known of this machine and this Python, a container's quotas included, and a history's fingerprint."""

import contextlib
import os
import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT, MEMBERSHIP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def quotas(root: Path = ROOT, membership: Path = MEMBERSHIP) -> Iterator[float]:
    """Read the CPU quotas that bind this process, in CPUs: those of its cgroups and of everything above them.

    Args:
        root: where the cgroup file systems are mounted.
        membership: what /proc says about the cgroups of this process, lines of `id:controllers:path`.

    Source: the kernel's Documentation/admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst (cfs_quota_us).
    """
    for folder in _folders("cpu", root, membership):
        yield from _quota(folder)


def memory_limits(root: Path = ROOT, membership: Path = MEMBERSHIP) -> Iterator[int]:
    """Read the limits on the memory of this process's cgroups, in bytes.

    Source: the kernel's Documentation/admin-guide/cgroup-v2.rst (memory.max) and cgroup-v1/memory.rst.
    """
    for folder in _folders("memory", root, membership):
        for name in ("memory.max", "memory.limit_in_bytes"):
            with contextlib.suppress(ValueError):  # "max" and an absent file: no limit here
                yield int(text(folder / name))


def _folders(controller: str, root: Path, membership: Path) -> Iterator[Path]:
    """Yield the folders of this process's cgroups that may hold a controller, each before those above it."""
    for line in text(membership).splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if not controllers:
            mounts = [root, root / "unified"]
        elif controller in controllers.split(","):
            mounts = list(dict.fromkeys([root / controllers, root / controller]))
        else:
            continue
        inside = Path(path.lstrip("/"))
        yield from (mount / part for mount in mounts for part in (inside, *inside.parents))


def _quota(folder: Path) -> Iterator[float]:
    words = text(folder / "cpu.max").split()
    words = words or [text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    with contextlib.suppress(ValueError):  # "max" and an absent file: no quota here
        quota, period = (int(word) for word in words)
        if quota > 0 and period > 0:  # version 1 says -1 for none
            yield quota / period


def text(path: Path) -> str:
    """Read a file of the kernel's; empty where there is none, or it can't be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


LIBRARIES = (
    "aiohttp",
    "httptools",
    "multidict",
    "paceline",
    "pytest",
    "pytest-benchmark",
    "pytest-httpserver",
    "requests",
    "simpy",
    "urllib3",
    "uvloop",
    "werkzeug",
    "yarl",
)
"""Whose versions can move a measurement under any strategy: what Paceline measures with, and what is beneath that."""

_FINGERPRINT = re.compile(
    r"(?P<machine>[a-z0-9._-]+-[0-9][0-9.e-]*cpu)-(?P<build>[a-z0-9._]+-[0-9]+\.[0-9]+t?(?:-gil)?(?:-jit)?(?:-debug)?)"
)
_NOISE_IN_MODELS = re.compile(r"\((?:r|tm|c)\)|@.*$|\b\d+-core\b|\b(?:cpu|processor)\b", re.IGNORECASE)
_MODEL_LENGTH = 40


def usable_cpus() -> float:
    """Return how many CPUs this process may use, by its affinity and its cgroups' quotas; may be a fraction."""
    return min([float(_affinity()), *quotas()])


def whole_cpus() -> int:
    """Count the CPUs that can be kept busy all the time; at least 1."""
    return max(1, int(usable_cpus()))


def usable_memory() -> int:
    """Return how many bytes processes here may hold together: all memory, or the least limit of their cgroups."""
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *memory_limits()])


def cpu_model() -> str:
    """Name this machine's CPU, as the system itself does."""
    if sys.platform == "darwin":
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            query = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.check_output(query, text=True, timeout=5).strip()  # noqa: S603  # a constant command
    return _model_in(text(Path("/proc/cpuinfo"))) or platform.processor() or platform.machine() or "unknown"


def free_threaded() -> bool:
    """Whether this build of Python can run without the GIL; `volatile_facts` says whether it does."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def gil_asked_for() -> bool:
    """Whether a free-threaded build was started with the GIL, by `PYTHON_GIL=1` or `-X gil=1`."""
    return free_threaded() and getattr(sys.flags, "gil", None) == 1


def jit() -> str | None:
    """Return "on", "off" or "none", for a build without one; None where it can't be told.

    Source: `sys._jit`, since Python 3.14. The first experimental JIT, of 3.13, says only how it was compiled.
    """
    known = getattr(sys, "_jit", None)
    if known is None:
        return None if "-D_Py_JIT" in _flags() else "none"
    return ("on" if known.is_enabled() else "off") if known.is_available() else "none"


def build() -> dict[str, Any]:
    """Return how this Python was built, and what of it is on; None stands for what can't be told.

    Debian's programs are built apart from the shared library that their sysconfig speaks of, so that it knows nothing
    of their optimizations; and on Windows it has no flags at all.
    """
    flags, arguments = _flags(), sysconfig.get_config_var("CONFIG_ARGS") or ""
    asked = {
        "pgo": "-fprofile-use" in flags or "-fprofile-instr-use" in flags or "--enable-optimizations" in arguments,
        "lto": "-flto" in flags or "--with-lto" in arguments.replace("--with-lto=no", ""),
        "bolt": "--enable-bolt" in arguments,
    }
    known = bool(flags) and not _is_apart_from_its_library()
    tail_calls = any(map(sysconfig.get_config_var, ("_Py_TAIL_CALL_INTERP", "Py_TAIL_CALL_INTERP")))
    return {
        **{name: value if known else None for name, value in asked.items()},
        "debug": bool(sysconfig.get_config_var("Py_DEBUG")),
        "tail_calls": tail_calls,
        "jit": jit(),
    }


def _flags() -> str:
    """Return what this Python was compiled and linked with, as far as it is known."""
    found = (sysconfig.get_config_var(name) for name in ("PY_CORE_CFLAGS", "PY_CORE_LDFLAGS"))
    return " ".join(filter(None, found))


def _is_apart_from_its_library() -> bool:
    maps = text(Path("/proc/self/maps"))
    return bool(maps and sysconfig.get_config_var("Py_ENABLE_SHARED")) and "/libpython" not in maps


def fingerprint(cluster: str | None = None) -> str:
    """Name this machine and this Python in one word that is fit for a file name.

    It holds what makes figures incomparable when it differs: system, architecture, CPU model, usable CPUs,
    implementation, X.Y, a `t` for a free-threaded build, and what was chosen beside these: `-gil` for such a build that
    was started with the GIL, `-jit` where it is on, `-debug`. Host name, kernel, patch release, libraries and load stay
    outside: they would end a history without need. So do compiler, PGO and LTO, although they decide speed too: a
    history is one installation's, most people don't know how theirs was built, and it can't always be told. They stand
    among the run's facts, and wherever runs of different ones are compared.

    Args:
        cluster: the scheme of a cluster that measures with this machine ("tcp"); what it measures is another history.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}{'t' if free_threaded() else ''}"
    chosen = {"gil": gil_asked_for(), "jit": jit() == "on", "debug": bool(sysconfig.get_config_var("Py_DEBUG"))}
    model = _NOISE_IN_MODELS.sub(" ", cpu_model())[:_MODEL_LENGTH]
    with_it = [f"{cluster}-cluster"] if cluster else []
    cpus = f"{usable_cpus():.4g}cpu"
    words = [word for word, is_so in chosen.items() if is_so]
    parts = (platform.system(), platform.machine(), model, *with_it, cpus, sys.implementation.name, version, *words)
    return "-".join(_slug(part) for part in parts)


def is_fingerprint(name: str) -> bool:
    """Whether a name is some machine's and Python's fingerprint, and so no folder's of anybody else."""
    return _FINGERPRINT.fullmatch(name) is not None


def machine_and_build(fingerprint: str) -> tuple[str, str]:
    """Return what a fingerprint says of the machine, and what of the Python; a name of somebody else is all machine."""
    found = _FINGERPRINT.fullmatch(fingerprint)
    return (found["machine"], found["build"]) if found else (fingerprint, "")


def stable_facts(libraries: Iterable[str] = LIBRARIES) -> dict[str, Any]:
    """Return what stays the same from run to run, for pytest-benchmark's `machine_info`.

    No host name, no path and no kernel release: a saved run may be published.

    Args:
        libraries: whose versions are among it.
    """
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "cpu": {"brand_raw": cpu_model(), "count": usable_cpus()},
        "python_implementation": platform.python_implementation(),
        "python_implementation_version": platform.python_version(),
        "python_version": platform.python_version(),
        "python_compiler": platform.python_compiler(),
        "python_build": list(platform.python_build()),
        "free_threaded": free_threaded(),
        "build": build(),
        "libraries": {name: version(name) for name in libraries},
    }


def has_gil() -> bool:
    """Whether the GIL is on, which a build without one may turn on later."""
    on: bool = getattr(sys, "_is_gil_enabled", lambda: True)()
    return on


def volatile_facts() -> dict[str, Any]:
    """Return what may differ from one run to the next, for the `paceline` key of a saved run; nothing private."""
    return {
        "load_average": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "gil": "on" if has_gil() else "off",
        "switch_interval": sys.getswitchinterval(),
        "cpus_online": os.cpu_count(),
    }


def version(library: str) -> str | None:
    """Return the version of an installed library; None for one that was looked for, and not there."""
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def unmet(what: str, extra: str, packages: Mapping[str, str]) -> str | None:
    """Return what "paceline report", say, lacks of an extra, and how to get it; None if nothing.

    Args:
        what: what the sentence begins with.
        extra: the extra that brings them.
        packages: module -> the package that it comes in.
    """
    missing = [package for module, package in packages.items() if find_spec(module) is None]
    return f"{what} needs {' and '.join(missing)}: pip install 'paceline[{extra}]'" if missing else None


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    count = getattr(os, "process_cpu_count", os.cpu_count)
    return count() or 1


def _model_in(cpuinfo: str) -> str:
    pairs = (line.partition(":") for line in reversed(cpuinfo.splitlines()))
    facts = {key.strip(): value.strip() for key, _, value in pairs}
    named = next((facts[key] for key in ("model name", "cpu model", "Model", "cpu") if facts.get(key)), "")
    if not named and "CPU part" in facts:  # 64-bit ARM gives numbers only
        return f"arm {facts.get('CPU implementer', '')} {facts['CPU part']}"
    return named


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-") or "unknown"
