"""The process that speaks with ray for a strategy: ray's own "driver".

It is one of its own, since ray leaves threads behind in a process it has run in, and one with threads can't fork
safely. It stands apart from the strategies for the same reason as `pool_worker`.
"""

import multiprocessing
import os
import secrets
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing import connection
from typing import Any

from paceline.pool_worker import leave_ending_to_parent
from paceline.portable import Failed, portable
from paceline.ray_crew import Crew
from paceline.ray_messages import Gone, Unfit, Unreached, Wanted
from paceline.ray_reach import last_line, reached, watch

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


def main(pipe: Any, wanted: Wanted) -> None:
    """Start ray, or find it, then the workers, and say so after each; then run every list of items that comes, until
    None does.
    """
    _begin(wanted)
    import ray

    lock = threading.Lock()

    def say(answer: Any) -> None:
        with lock:
            pipe.send(answer)

    try:
        _serve(pipe, say, ray, wanted)
    finally:
        if wanted.cluster:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is on its way out
            ray.shutdown()


def _begin(wanted: Wanted) -> None:
    """Leave Ctrl-C to the parent, end with it, and settle what ray reads when it is imported."""
    leave_ending_to_parent(None if wanted.cluster else partial(_end_all_with_parent, wanted.folder))
    os.environ.update(ENVIRONMENT)
    if wanted.cluster:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # with a word to the cluster, see `main`
    else:  # ray listens on all addresses: only what knows this token is let in
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
        # or its workers find no module of an experiment
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))


def _end_all_with_parent(folder: str) -> None:
    """Wait for the parent's end, by SIGKILL too, and end what ray has started, its files, and this process."""
    parent = multiprocessing.parent_process()
    assert parent
    connection.wait([parent.sentinel])
    from paceline import family

    family.end_tree(os.getpid())
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _serve(pipe: Any, say: Callable[[Any], None], ray: Any, wanted: Wanted) -> None:
    crew = Crew(ray, wanted)
    odd = _told(lambda: _connected(ray, wanted))
    if odd is None:
        say(None)
        odd = _told(crew.start)
    if odd is not None:
        _told(crew.close)
        say(odd)
        return
    say(None)
    if wanted.cluster:
        threading.Thread(target=watch, args=[wanted.cluster, say], name="paceline-ray-watch", daemon=True).start()
    while (items := pipe.recv()) is not None:
        say(odd or _told(partial(crew.results, items)))
        odd = _told(crew.fill) if wanted.cluster else None  # between two rounds: none of them is charged for it
    odd = _told(crew.close)
    if wanted.cluster:
        ray.shutdown()
    say(odd)


def _connected(ray: Any, wanted: Wanted) -> Unreached | Unfit | None:
    """Start a cluster, or find the one that is there."""
    if wanted.cluster:
        return reached(ray, wanted.cluster)
    ray.init(
        "local",
        num_cpus=wanted.workers,
        num_gpus=0,
        include_dashboard=False,
        configure_logging=False,
        log_to_driver=False,
        _node_ip_address=HOST,
        _temp_dir=wanted.folder,
    )
    return None


def _told(work: Callable[[], Any]) -> Any:
    """Do something; give the error in place of an answer if it can't be done."""
    try:
        return work()
    except ConnectionError as error:  # ray's client has given up
        return Gone(last_line(error))
    except Exception as error:  # noqa: BLE001 - it is told
        return Failed(portable(error))
