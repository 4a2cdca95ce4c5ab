"""
Hosts of our own on this machine, for tests: network namespaces joined by a switch in one more. Needs root and iproute2.
"""

import os
import shutil
import subprocess
import sys
import uuid
from contextlib import contextmanager

from processes import python

WHY_NOT = (
    "needs root, to make network namespaces"
    if os.geteuid()
    else None
    if shutil.which("ip")
    else "needs iproute2's command ip"
)


def ip(*words):
    """Run iproute2; what it complains of fails the test."""
    done = subprocess.run(["ip", *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(map(str, words))}: {done.stderr.strip()}"


class Host:
    """One with an address, and a plug that can be pulled."""

    def __init__(self, network, number):
        self.space, self.address = f"{network}-{number}", f"10.77.0.{number}"
        self._switch, self._port = f"{network}-switch", f"port{number}"
        ip("netns", "add", self.space)
        ip("-n", self._switch, "link", "add", self._port, "type", "veth", "peer", "name", "eth0", "netns", self.space)
        ip("-n", self._switch, "link", "set", self._port, "master", "switch", "up")
        for device in ("lo", "eth0"):
            ip("-n", self.space, "link", "set", device, "up")
        ip("-n", self.space, "address", "add", f"{self.address}/24", "dev", "eth0")

    def unplug(self):
        """Pull the plug: what is on its way is lost, and nobody is told."""
        ip("-n", self._switch, "link", "set", self._port, "down")

    @contextmanager
    def python(self, *arguments, **options):
        """A Python process on this host."""
        start = "import os, sys; os.execvp('ip', ['ip', 'netns', 'exec', *sys.argv[1:]])"
        with python("-c", start, self.space, sys.executable, *arguments, **options) as process:
            yield process


@contextmanager
def hosts(count):
    """So many of them; removed in all cases."""
    network = f"paceline-{uuid.uuid4().hex[:8]}"
    made = []
    try:
        ip("netns", "add", f"{network}-switch")
        made.append(f"{network}-switch")
        ip("-n", f"{network}-switch", "link", "add", "switch", "type", "bridge")
        ip("-n", f"{network}-switch", "link", "set", "switch", "up")
        there = []
        for number in range(1, count + 1):
            made.append(f"{network}-{number}")
            there.append(Host(network, number))
        yield there
    finally:
        for space in reversed(made):
            subprocess.run(["ip", "netns", "delete", space], capture_output=True, check=False)
