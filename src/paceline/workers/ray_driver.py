"""Ray's driver, in a process of its own, and what is said between it and the strategy."""

import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from paceline.contracts import Item, Result
from paceline.workers.errors import Raised, portable
from paceline.workers.pool_worker import END_NOW, leave_ending_to_parent
from paceline.workers.ray_actor import Worker


@dataclass(frozen=True)
class DriverSpec:
    """What to start.

    Attributes:
        workload: pickled.
        workers: how many; on an existing cluster, as many of them as it has CPUs for.
        chunksize: items that a worker takes at a time.
        cluster: address of an existing one; None to start one.
        folder: where one that is started may leave files.
        versions: Python and Paceline that workers must have.
        ask: an expression for them, which a worker evaluates.
    """

    workload: bytes
    workers: int
    chunksize: int
    cluster: str | None
    folder: str
    versions: tuple[str, str]
    ask: str


@dataclass(frozen=True)
class Lost:
    """Workers ended, by their process ids, and there is none for their items."""

    pids: tuple[int, ...]


@dataclass(frozen=True)
class _Told:
    why: str


class Gone(_Told):
    """The existing cluster is gone, or can't be reached any more."""


class Unreached(_Told):
    """There is no cluster, or no place on it."""


class Unfit(_Told):
    """The cluster has another Python or another ray, in ray's words."""


@dataclass(frozen=True)
class Differs:
    """A host of the cluster has other versions: its Python and its Paceline, if any."""

    host: str
    versions: tuple[str, str | None]


PROBE_INTERVAL = 2.0  # seconds between two looks at whether a cluster still listens, and the longest one may take
MAX_MISSED = 6  # looks in a row at which it does not


def reached(ray: Any, address: str) -> Unreached | Unfit | None:
    """Connect to an existing cluster; return what is in the way."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it says is raised too
            ray.init(address, log_to_driver=False, configure_logging=False)
    except ConnectionAbortedError as error:
        return Unreached(f"ray is there, and says: {last_line(error)}")
    except ConnectionError as error:
        return Unreached(f"ray did not answer: {last_line(error)}")
    except RuntimeError as error:
        if "Version mismatch" not in str(error):
            raise
        return Unfit(" ".join(str(error).split()))
    # what they would write of a lost cluster is an answer, once
    logging.disable()
    threading.excepthook = lambda _: None
    return None


def watch(address: str, say: Callable[[Any], None]) -> None:
    """Report it once an address accepts no connections any more: ray's client would wait for minutes."""
    missed = 0
    while missed < MAX_MISSED:
        time.sleep(PROBE_INTERVAL)
        missed = 0 if _listens(address) else missed + 1
    say(Gone(f"nobody answered there {MAX_MISSED} times in a row"))


def _listens(address: str) -> bool:
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname, parts.port), PROBE_INTERVAL).close()
    except OSError:
        return False
    return True


def last_line(error: Exception) -> str:
    """Return the essence of an error; ray's hold traces of what went wrong elsewhere."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]


CLOSE_TIMEOUT = 10.0  # seconds for the workers to close their workload
SETTLE_TIMEOUT = 2.0  # seconds until a cluster counts a CPU as free that somebody has just left
PLACE_TIMEOUT = 30.0  # seconds for workers to start on a cluster, which may have given their CPUs away by then
CHECK_INTERVAL = 0.05  # seconds between two looks

Trouble: TypeAlias = Raised | Lost | Unreached | Differs


class ActorPool:
    """Actors, one for each worker; items go to whichever is idle. `ray` is the library, connected."""

    def __init__(self, ray: Any, spec: DriverSpec) -> None:
        self._ray = ray
        self._spec = spec
        self._idle: deque[Any] = deque()
        self._pids: dict[Any, int] = {}
        self._lost: list[int] = []
        self._fitting: set[str] = set()

    def start(self) -> Trouble | None:
        """Start the first of them, once the cluster has forgotten those of an earlier client."""
        deadline = time.monotonic() + SETTLE_TIMEOUT
        while self._spec.cluster and self._places() < self._spec.workers and time.monotonic() < deadline:
            if self._places() >= int(self._ray.cluster_resources().get("CPU", 0)):
                break
            time.sleep(CHECK_INTERVAL)
        return self.fill()

    def fill(self) -> Trouble | None:
        """Start the missing workers, and open the workload in each.

        An existing cluster may not have the CPUs for all; one worker waits for a CPU, or there would be none.
        """
        missing = self._spec.workers - len(self._idle)
        if self._spec.cluster and missing:
            if differs := self._differing():
                return differs
            missing = max(0 if self._idle else 1, min(missing, self._places()))
        kind = self._ray.remote(Worker).options(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")
        workers = [kind.remote(self._spec.workload, own=not self._spec.cluster) for _ in range(missing)]
        opening = [(worker, worker.open.remote()) for worker in workers]
        deadline = time.monotonic() + PLACE_TIMEOUT if self._spec.cluster else None
        troubles = [each for worker, opened in opening if (each := self._joined(worker, opened, deadline))]
        spared = self._spec.cluster and self._idle
        return next((each for each in troubles if isinstance(each, Raised) or not spared), None)

    def results(self, items: Sequence[Item]) -> list[Result] | Raised | Lost:
        """Run all items; an error is returned once none is under way any more."""
        size = self._spec.chunksize
        waiting = deque((first, items[first : first + size]) for first in range(0, len(items), size))
        done: list[Result] = [None] * len(items)
        coming: dict[Any, tuple[Any, int, Sequence[Item]]] = {}
        failed: dict[int, Raised] = {}
        while (waiting and not failed) or coming:
            while waiting and self._idle and not failed:
                worker, (first, chunk) = self._idle.popleft(), waiting.popleft()
                coming[worker.run.remote(chunk)] = (worker, first, chunk)
            if not coming:
                return Lost(tuple(self._lost))
            (ready,), _ = self._ray.wait([*coming])
            worker, first, chunk = coming.pop(ready)
            answer = self._answer(worker, ready)
            if not isinstance(answer, Lost):
                self._idle.append(worker)
            elif not self._spec.cluster:
                return answer
            match answer:
                case Lost():
                    waiting.appendleft((first, chunk))
                case Raised():
                    failed[first] = answer
                case _:
                    done[first : first + len(chunk)] = answer
        return failed[min(failed)] if failed else done

    def close(self) -> Raised | Lost | None:
        """Close the workload in each worker; one of an existing cluster may be lost by now."""
        deadline = time.monotonic() + CLOSE_TIMEOUT
        closing = [(worker, worker.close.remote()) for worker in self._pids]
        answers = [self._answer(worker, closed, deadline) for worker, closed in closing]
        if self._spec.cluster:
            for worker in self._pids:
                self._ray.kill(worker)
            answers = [answer for answer in answers if not isinstance(answer, Lost)]
        return next((answer for answer in answers if answer is not None), None)

    def _joined(self, worker: Any, opened: Any, deadline: float | None) -> Trouble | None:
        try:
            answer = self._answer(worker, opened, deadline)
        except self._ray.exceptions.GetTimeoutError:
            answer = Unreached(f"a cluster of ray is there, and no CPU of it was free within {PLACE_TIMEOUT:g} s")
        if isinstance(answer, int):
            self._pids[worker] = answer
            self._idle.append(worker)
            return None
        self._ray.kill(worker)
        return answer  # type: ignore[no-any-return]

    def _answer(self, worker: Any, coming: Any, deadline: float | None = None) -> Any:
        """Return a worker's answer, or that it is lost; one that has opened its workload is, if none comes in time."""
        known = worker in self._pids
        late = () if not known else (self._ray.exceptions.GetTimeoutError,)
        try:
            return self._ray.get(coming, timeout=deadline and max(0.0, deadline - time.monotonic()))
        except (self._ray.exceptions.RayActorError, *late):
            if known:
                self._lost.append(self._pids.pop(worker))
            return Lost(tuple(self._lost))
        except self._ray.exceptions.RayTaskError as error:  # such as a result that can't be pickled
            return Raised(portable(error.cause))

    def _places(self) -> int:
        return int(self._ray.available_resources().get("CPU", 0))

    def _differing(self) -> Differs | None:
        """Return the first host whose versions differ, of those not asked yet."""
        for node in self._ray.nodes():
            there = node["Alive"] and node["Resources"].get("CPU", 0) > 0
            if there and node["NodeID"] not in self._fitting and (found := self._versions(node["NodeID"])):
                if found != self._spec.versions:
                    return Differs(str(node["NodeManagerAddress"]), found)
                self._fitting.add(node["NodeID"])
        return None

    def _versions(self, node: str) -> tuple[str, str | None] | None:
        """Return Python and Paceline of a host; None if it is lost meanwhile."""

        def asked(expression: str) -> Any:  # a local function travels by value: it needs no Paceline there
            return eval(expression)  # noqa: S307 - an expression of ours

        pin = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False)
        there = self._ray.remote(asked).options(num_cpus=0, max_retries=0, scheduling_strategy=pin)
        try:
            python, paceline = self._ray.get(there.remote(self._spec.ask), timeout=PLACE_TIMEOUT)
        except self._ray.exceptions.RayTaskError:
            raise
        except self._ray.exceptions.RayError:
            return None
        return python, paceline


HOST = "127.0.0.1"
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_LOG_TO_DRIVER": "0",
    "RAY_SCHEDULER_EVENTS": "0",
    # seconds, of three attempts to reach a cluster; ray's own come to 30
    "RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S": "2",
    "RAY_CLIENT_MAX_CONNECTION_TIMEOUT_S": "2",
    "RAY_CLIENT_RECONNECT_GRACE_PERIOD": "10",  # seconds that either side waits for the other to come back
}


def main(pipe: Any, spec: DriverSpec) -> None:
    """Start ray or connect to it, then the workers, saying so after each; then run each list of items, until None."""
    _begin(spec)
    import ray

    lock = threading.Lock()

    def say(answer: Any) -> None:
        with lock:
            pipe.send(answer)

    try:
        _serve(pipe, say, ray, spec)
    finally:
        if spec.cluster:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends already
            ray.shutdown()


def _begin(spec: DriverSpec) -> None:
    """Leave Ctrl-C to the parent, end with it, and set what ray reads when it is imported."""
    leave_ending_to_parent(end=END_NOW if spec.cluster else partial(_end_all, spec.folder))
    os.environ.update(ENVIRONMENT)
    if spec.cluster:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # after leaving the cluster, see `main`
    else:  # ray listens on all addresses: only what knows this token is let in
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
        # or its workers find no module of an experiment
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))


def _end_all(folder: str) -> None:
    """End what ray has started, remove its files, and end this process."""
    from paceline.child import processes

    processes.end_tree(os.getpid())
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _serve(pipe: Any, say: Callable[[Any], None], ray: Any, spec: DriverSpec) -> None:
    actors = ActorPool(ray, spec)
    trouble = _answer_of(lambda: _connected(ray, spec))
    if trouble is None:
        say(None)
        trouble = _answer_of(actors.start)
    if trouble is not None:
        _answer_of(actors.close)
        say(trouble)
        return
    say(None)
    if spec.cluster:
        threading.Thread(target=watch, args=[spec.cluster, say], name="paceline-ray-watch", daemon=True).start()
    while (items := pipe.recv()) is not None:
        say(trouble or _answer_of(partial(actors.results, items)))
        trouble = _answer_of(actors.fill) if spec.cluster else None  # between two rounds, so none is charged for it
    trouble = _answer_of(actors.close)
    if spec.cluster:
        ray.shutdown()
    say(trouble)


def _connected(ray: Any, spec: DriverSpec) -> Unreached | Unfit | None:
    """Start a cluster, or connect to the existing one."""
    if spec.cluster:
        return reached(ray, spec.cluster)
    ray.init(
        "local",
        num_cpus=spec.workers,
        num_gpus=0,
        include_dashboard=False,
        configure_logging=False,
        log_to_driver=False,
        _node_ip_address=HOST,
        _temp_dir=spec.folder,
    )
    return None


def _answer_of(work: Callable[[], Any]) -> Any:
    """Return what `work` does, or its error as an answer."""
    try:
        return work()
    except ConnectionError as error:  # ray's client has given up
        return Gone(last_line(error))
    except Exception as error:  # noqa: BLE001 - it is an answer
        return Raised(portable(error))
