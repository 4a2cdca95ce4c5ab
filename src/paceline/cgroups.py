"""The limits that control groups put on this process, as in a container: CPU quotas and memory."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

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
    """Read the limits on the memory of this process and those beside it, in bytes, as `quotas` those of its CPUs.

    Source: the kernel's Documentation/admin-guide/cgroup-v2.rst (memory.max) and cgroup-v1/memory.rst.
    """
    for folder in _folders("memory", root, membership):
        for name in ("memory.max", "memory.limit_in_bytes"):
            with contextlib.suppress(ValueError):  # "max" and an absent file: no limit here
                yield int(text(folder / name))


def _folders(controller: str, root: Path, membership: Path) -> Iterator[Path]:
    """Yield the folders of the cgroups that may hold a controller of this process, each before those above it."""
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
    """Read a file of the kernel's; empty where there is none, or none for us."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
