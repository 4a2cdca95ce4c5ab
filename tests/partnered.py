"""What happens to the experiments' partner processes, for tests; called in a fresh interpreter."""

import multiprocessing
import os
import signal
import sys
import threading

from apparatus import partners, talking
from apparatus.partners import FORK

from paceline.child import processes

DEATH = 3  # the exit code of a partner that dies


def wait_for_a_partner_that_dies(wait):
    """Tell a partner to die while this process waits for it in one of three ways; report who is left of it."""
    go, queue, semaphore = FORK.SimpleQueue(), FORK.Queue(), FORK.Semaphore(0)
    ours, its = FORK.Pipe()
    try:
        with partners.process(die_when_told, go, its):
            go.put("die")
            {"queue": queue.get, "pipe": ours.recv, "semaphore": semaphore.acquire}[wait]()
    except partners.PartnerDied as error:
        return str(error), len(multiprocessing.active_children())
    return "it came back", None


def die_when_told(go, _its_end_of_a_pipe):
    go.get()
    os._exit(DEATH)


def wait_for_one_that_hangs(seconds):
    """Wait for a partner that never answers."""
    ours, its = FORK.Pipe()
    with partners.in_time(seconds), partners.process(hang, its):
        ours.recv()


def hang(_its_end_of_a_pipe):
    signal.pause()


def run_together(fates):
    """Run processes of which some die; report who is left then."""
    try:
        partners.processes(lambda place: FATES[fates[place]](), len(fates))
    except partners.PartnerDied as error:
        return str(error), len(processes.members(os.getpid())) - 1
    return "all ended well", len(processes.members(os.getpid())) - 1


FATES = {"ends": lambda: None, "dies": lambda: os._exit(DEATH), "hangs": signal.pause}


def answer_wrongly(there, back):
    """Echo something else."""
    while (message := there.get()) is not None:
        back.put(message[:-1])


def trip_to_a_liar():
    """A round trip through a queue whose other end changes what comes."""
    talking.echo = answer_wrongly
    talking.round_trips("queue", 10, 1)


def wait_beside(construct):
    """Open a way to talk, report who is at its other end, and wait to be killed."""
    with talking.CONSTRUCTS[construct](1):
        pids = [process.pid for process in multiprocessing.active_children()]
        sys.stdout.write(f"{' '.join(map(str, pids))}\n")
        sys.stdout.flush()
        threading.Event().wait()
