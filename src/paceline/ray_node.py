"""
The process that speaks with ray for a strategy: ray's own "driver".

It is one of its own, since ray leaves threads behind in a process it has run in, and one with threads can't fork
safely. It stands apart from the strategies for the same reason as `pool_worker`.
"""

import logging
import multiprocessing
import os
import secrets
import shutil
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable
from functools import partial
from multiprocessing import connection
from typing import Any
from urllib.parse import urlsplit

from paceline.pool_worker import end_with_parent, let_interrupts_through
from paceline.portable import Failed, portable
from paceline.ray_crew import Crew
from paceline.ray_messages import Gone, Unfit, Unreached, Wanted

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
LOOK = 2.0  # seconds between two looks at whether a cluster still listens, and the longest one may take
FORSAKEN = 6  # looks in a row at which it does not


def main(pipe: Any, wanted: Wanted) -> None:
    """
    Start ray, or find it, then the workers, and say so after each; then run every list of items that comes, until None
    does.
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
    """
    Leave Ctrl-C to the parent, end with it, and settle what ray reads when it is imported.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    let_interrupts_through()
    watch = end_with_parent if wanted.cluster else partial(_end_all_with_parent, wanted.folder)
    threading.Thread(target=watch, name="paceline-parent-watch", daemon=True).start()
    os.environ.update(ENVIRONMENT)
    if wanted.cluster:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # with a word to the cluster, see `main`
    else:  # ray listens on all addresses: only what knows this token is let in
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
        # or its workers find no module of an experiment
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))


def _end_all_with_parent(folder: str) -> None:
    """
    Wait for the parent's end, by SIGKILL too, and end what ray has started, its files, and this process.
    """
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
        threading.Thread(target=_watch, args=[wanted.cluster, say], name="paceline-ray-watch", daemon=True).start()
    while (items := pipe.recv()) is not None:
        say(odd or _told(partial(crew.results, items)))
        odd = _told(crew.fill) if wanted.cluster else None  # between two rounds: none of them is charged for it
    odd = _told(crew.close)
    if wanted.cluster:
        ray.shutdown()
    say(odd)


def _connected(ray: Any, wanted: Wanted) -> Unreached | Unfit | None:
    """
    Start a cluster, or find the one that is there.
    """
    if wanted.cluster:
        return _reached(ray, wanted.cluster)
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


def _reached(ray: Any, address: str) -> Unreached | Unfit | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it says is raised too
            ray.init(address, log_to_driver=False, configure_logging=False)
    except ConnectionAbortedError as error:
        return Unreached(f"ray is there, and says: {_last_line(error)}")
    except ConnectionError as error:
        return Unreached(f"ray did not answer: {_last_line(error)}")
    except RuntimeError as error:
        if "Version mismatch" not in str(error):
            raise
        return Unfit(" ".join(str(error).split()))
    # what they would say of a cluster that is lost is told once, as an answer
    logging.disable()
    threading.excepthook = lambda _: None
    return None


def _told(work: Callable[[], Any]) -> Any:
    """
    Do something; give the error in place of an answer if it can't be done.
    """
    try:
        return work()
    except ConnectionError as error:  # ray's client has given up
        return Gone(_last_line(error))
    except Exception as error:  # noqa: BLE001 - it is told
        return Failed(portable(error))


def _watch(address: str, say: Callable[[Any], None]) -> None:
    """
    Say so once nobody listens at an address any more: ray's client would wait for minutes if a plug is pulled.
    """
    alone = 0
    while alone < FORSAKEN:
        time.sleep(LOOK)
        alone = 0 if _listens(address) else alone + 1
    say(Gone(f"nobody answered there {FORSAKEN} times in a row"))


def _listens(address: str) -> bool:
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname, parts.port), LOOK).close()
    except OSError:
        return False
    return True


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
