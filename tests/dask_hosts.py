"""A cluster of dask that is there before a strategy comes, for tests."""

import json
import os
import sys
from contextlib import ExitStack, contextmanager

from processes import python, until

QUIET = {"DASK_LOGGING__DISTRIBUTED": "critical", "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
NO_PAGE = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")


class Cluster:
    """A scheduler, and the workers that were started; gone at the end."""

    def __init__(self, folder, stack):
        self._folder, self._stack = folder, stack
        written = folder / "scheduler.json"
        scheduler = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", written)
        self.scheduler = self._started("scheduler", *scheduler)
        until(lambda: written.exists() and written.read_text(), "the scheduler to say where it is")
        self.address = json.loads(written.read_text())["address"]

    def worker(self, *path):
        """Start one with a thread, which imports from `path` first."""
        where = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--local-directory", self._folder)
        return self._started("worker", self.address, *where, path=path)

    def _started(self, kind, *arguments, path=()):
        environment = {**os.environ, **QUIET, "PYTHONPATH": os.pathsep.join(map(str, [*path, *sys.path]))}
        log = self._stack.enter_context((self._folder / "log").open("a"))
        command = ("-m", f"distributed.cli.dask_{kind}", *arguments, *NO_PAGE)
        return self._stack.enter_context(python(*command, env=environment, stdout=log, stderr=log, cwd=self._folder))


@contextmanager
def cluster(folder):
    """One without workers so far."""
    with ExitStack() as stack:
        yield Cluster(folder, stack)


def other_paceline(folder, version):
    """A folder from which another Paceline is imported; nothing but its version is there."""
    package = folder / "other" / "paceline"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f'__version__ = "{version}"\n')
    return package.parent
