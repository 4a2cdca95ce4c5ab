"""Hosts of our own on this machine: network namespaces, joined by a switch in one more.

They have no names, only descriptors of this process: with its end, by SIGKILL too, the system removes them, and what it
started on them ends as well. They need Linux, root's capabilities and iproute2.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

NEW_NETWORK = 0x40000000  # CLONE_NEWNET
NEEDED = (1 << 12) | (1 << 21)  # CAP_NET_ADMIN and CAP_SYS_ADMIN
OWN = Path("/proc/thread-self/ns/net")
# The system kills it when its parent ends; the shell ends at once if that was before. (A function of ours in the child
# would take a fork, beside threads or not.)
ENDING_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "sh", "-c", 'test "$PPID" = "$0" && exec "$@"')

_libc = ctypes.CDLL(None, use_errno=True)


def why_not():
    """Return why there can be none here; None if they can."""
    status = Path("/proc/self/status")
    if not status.exists() or not OWN.exists():
        return "needs Linux, for network namespaces"
    line = next(line for line in status.read_text().splitlines() if line.startswith("CapEff:"))
    if ~int(line.split()[1], 16) & NEEDED:
        return "needs root, to make network namespaces"
    return None if shutil.which("ip") else "needs the command ip: apt-get install iproute2"


WHY_NOT = why_not()


class Network:
    """A network namespace, as long as it is open here or a process is in it."""

    def __init__(self):
        with network_restored():
            call_system("unshare", NEW_NETWORK)
            self.descriptor = os.open(OWN, os.O_RDONLY)
        self.path = f"/proc/{os.getpid()}/fd/{self.descriptor}"

    @contextmanager
    def entered(self):
        """Put this thread, and what it starts, into this network."""
        with network_restored():
            call_system("setns", self.descriptor, NEW_NETWORK)
            yield

    def ip(self, *words):
        """Run iproute2 in it.

        Raises:
            OSError: with what it complains of.
        """
        with self.entered():
            done = subprocess.run(["ip", *map(str, words)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"ip {' '.join(map(str, words))}: {done.stderr.strip()}")

    def close(self):
        """Release it."""
        os.close(self.descriptor)


class Host:
    """A host with an address, and a plug that can be pulled."""

    def __init__(self, network, switch, number):
        self.network, self.address = network, f"10.77.0.{number}"
        self._switch, self._port = switch, f"port{number}"
        peer = ("peer", "name", "eth0", "netns", network.path)
        switch.ip("link", "add", self._port, "type", "veth", *peer)
        switch.ip("link", "set", self._port, "master", "switch", "up")
        for device in ("lo", "eth0"):
            network.ip("link", "set", device, "up")
        network.ip("address", "add", f"{self.address}/24", "dev", "eth0")

    def unplug(self):
        """Pull the plug: what is on its way is lost, without an error at either end."""
        self._switch.ip("link", "set", self._port, "down")

    @contextmanager
    def python(self, *arguments, **options):
        """Run a Python process on this host; whatever happens, it is gone at the end, and Ctrl-C does not reach it."""
        command = [*ENDING_WITH_PARENT, str(os.getpid()), sys.executable, *map(str, arguments)]
        with self.network.entered():
            process = subprocess.Popen(command, text=True, process_group=0, **options)
        with process:
            try:
                yield process
            finally:
                process.kill()


@contextmanager
def hosts(count):
    """Open so many hosts; the other addresses up to 10.77.0.254 are free."""
    with ExitStack() as opened:
        switch, *networks = [opened.enter_context(closing(Network())) for _ in range(count + 1)]
        switch.ip("link", "add", "switch", "type", "bridge")
        switch.ip("link", "set", "switch", "up")
        yield [Host(network, switch, number) for number, network in enumerate(networks, 1)]


@contextmanager
def network_restored():
    """Bring this thread back to its own network at the end."""
    before = os.open(OWN, os.O_RDONLY)
    try:
        yield
    finally:
        call_system("setns", before, NEW_NETWORK)
        os.close(before)


def call_system(name, *arguments):
    """Make a system call that Python 3.11 has no function for."""
    if getattr(_libc, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
