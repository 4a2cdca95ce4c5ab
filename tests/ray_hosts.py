"""A cluster of ray that is there before a strategy comes, for tests."""

import os
import secrets
import socket
import sys
import tempfile
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path

import pytest
from processes import python, until

from paceline.child import processes

LOOPBACK = "127.0.0.1"
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "GRPC_ENABLE_FORK_SUPPORT": "0",  # or what it starts for a client dies at birth now and then: ray's issue 63202
    # a host that is lost without a word counts as dead after a few seconds
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "4",
}
SMALL = ("--object-store-memory", "80000000", "--dashboard-agent-listen-port", "0")


class Cluster:
    """A head, and the hosts that joined it; gone at the end."""

    def __init__(self, folder, stack, cpus, path=()):
        self._folder, self._stack, self._count = folder, stack, count()
        port, client = free_ports(2)
        self._gcs, self.address = f"{LOOPBACK}:{port}", f"ray://{LOOPBACK}:{client}"
        ports = ("--port", port, "--ray-client-server-port", client, "--include-dashboard", "false")
        self.head = self._started("--head", *ports, "--temp-dir", folder, cpus=cpus, path=path)
        until(lambda: listens(client), "ray's clients to be let in")

    def host(self, *path):
        """Have one with one CPU join, which imports from `path` first."""
        return self._started("--address", self._gcs, cpus=1, path=path)

    def _started(self, *arguments, cpus, path):
        environment = {**os.environ, **QUIET, "PYTHONPATH": os.pathsep.join(map(str, [*path, *sys.path]))}
        written = self._folder / f"log-{next(self._count)}"
        log = self._stack.enter_context(written.open("w"))
        where = ("--node-ip-address", LOOPBACK, "--num-cpus", cpus, "--num-gpus", 0, "--block")
        command = ("-m", "ray.scripts.scripts", "start", *arguments, *where, *SMALL)
        process = self._stack.enter_context(
            python(*command, env=environment, stdout=log, stderr=log, cwd=self._folder, start_new_session=True)
        )
        self._stack.callback(pull, process)
        until(lambda: "Ray runtime started" in written.read_text(), "a host of ray to start")
        return process


def pull(process):
    """End a host with everything on it, at once."""
    processes.end_session(process.pid)


@contextmanager
def cluster(cpus=1, path=()):
    """One that listens, on all addresses, as ray does: it lets in who has a token, which is in the environment
    meanwhile.

    No two at once, as ray takes the ports for its clients from 23000 on. The folder's name must be short: ray's sockets
    are in it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        with tempfile.TemporaryDirectory(prefix="ray-") as folder, ExitStack() as stack:
            yield Cluster(Path(folder), stack, cpus, path)


def free_ports(count):
    """Ports where nobody listens."""
    with ExitStack() as stack:
        taken = [stack.enter_context(closing(socket.create_server((LOOPBACK, 0)))) for _ in range(count)]
        return [each.getsockname()[1] for each in taken]


def listens(port):
    """Whether anybody does."""
    try:
        socket.create_connection((LOOPBACK, port), 1).close()
    except OSError:
        return False
    return True
