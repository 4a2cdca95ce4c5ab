"""Functions to call in a fresh interpreter."""

import multiprocessing
import multiprocessing.util
import os
import signal
import sys
import threading
import time
from pathlib import Path


def add(left, right=1):
    return left + right


def where():
    return os.getpid(), threading.active_count(), "pytest" in sys.modules, "psutil" in sys.modules


def curse(words):
    raise ZeroDivisionError(words)


def chatter():
    sys.stdout.write("not an answer\n")
    sys.stdout.flush()
    os.write(1, b"nor this\n")
    return "an answer"


def die():
    sys.stderr.write("the last word\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def die_with_a_folder():
    Path(multiprocessing.util.get_temp_dir(), "file").touch()
    os.kill(os.getpid(), signal.SIGKILL)


def fork_from_a_server():
    process = multiprocessing.get_context("forkserver").Process(target=print)
    process.start()
    process.join()
    return process.exitcode


def hang_with_a_child(log):
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=time.sleep, args=[600])
    child.start()
    log.write_text(f"{os.getpid()} {child.pid}")
    time.sleep(600)


def imported_by_a_spawned_worker(name):
    """The modules that one has, once it has opened a metered workload."""
    from paceline.strategies.pool import PoolSpawn
    from paceline.workers.metered import Metered
    from paceline.workloads import Compute, Fetch, Mixed

    kind, _, client = name.partition(":")
    fetch = Fetch("http://127.0.0.1:9/item/{item}", 1, client or "raw")
    workload = {"Fetch": fetch, "Mixed": Mixed(fetch, 0.0), "Compute": Compute("squares", 1)}[kind]
    with PoolSpawn(Metered(workload, Path(os.devnull), os.getpid()), 1) as started:
        return started._pool.apply(eval, ("[*__import__('sys').modules]",))
