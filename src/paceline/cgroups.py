"""
The CPU quotas that control groups put on this process, as in a container.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path


def quotas(root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> Iterator[float]:
    """
    Read the CPU quotas that bind this process, in CPUs: those of its cgroups and of everything above them.

    Args:
        root: where the cgroup file systems are mounted.
        membership: what /proc says about the cgroups of this process, lines of `id:controllers:path`.

    Source: the kernel's Documentation/admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst (cfs_quota_us).
    """
    for line in text(membership).splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if not controllers:
            mounts = [root, root / "unified"]
        elif "cpu" in controllers.split(","):
            mounts = [root / controllers, root / "cpu"]
        else:
            continue
        inside = Path(path.lstrip("/"))
        for folder in (mount / part for mount in mounts for part in (inside, *inside.parents)):
            yield from _quota(folder)


def _quota(folder: Path) -> Iterator[float]:
    words = text(folder / "cpu.max").split()
    words = words or [text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    with contextlib.suppress(ValueError):  # "max" and an absent file: no quota here
        quota, period = (int(word) for word in words)
        if quota > 0 and period > 0:  # version 1 says -1 for none
            yield quota / period


def text(path: Path) -> str:
    """
    Read a file of the kernel's; empty where there is none, or none for us.
    """
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
