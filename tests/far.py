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
