"""Is a counter safe without its lock?

Question: how many updates are lost when several workers count the same counter up, with its lock and without, and what
          does the lock cost?
Setup:    4 workers that start at a barrier; an update reads the counter, calls a function, and writes what that gave.
          Processes count a Value in shared memory, threads also an attribute of an ordinary object. With lock: held
          from read to write. Without lock: none at all, and more updates, as these are short and a race needs
          time: threads change places only every 5 ms (`sys.getswitchinterval`), and not always between read and write.
          Two that look safe come after: a Value as it is made, which locks each read and each write but not the pair;
          and an attribute's bare `+= 1`, between whose read and write CPython, with its GIL, happens not to change
          threads, though nothing promises so.
Expect:   with the lock no update is ever lost, and each costs several times as much, a Value's ten times; without it,
          and with a lock around each access only, a large part is lost, also among threads under the GIL.
"""

import pytest

LONG, SHORT = 400_000, 50_000  # updates of each worker: from a tenth of a second to a whole one for all
UNTIMED = 1000

pytestmark = [pytest.mark.extended, pytest.mark.replicated, pytest.mark.scale(workers=4)]


def written(value):
    return f"updates={value}" if isinstance(value, int) else value.replace(" ", "_")


@pytest.mark.parametrize(
    ("kind", "counter", "lock", "updates"),
    [
        ("processes", "Value", "with lock", SHORT),
        ("processes", "Value", "without lock", LONG),
        ("threads", "Value", "with lock", SHORT),
        ("threads", "Value", "without lock", LONG),
        ("threads", "attribute", "with lock", SHORT),
        ("threads", "attribute", "without lock", LONG),
    ],
    ids=written,
)
def test_counter(cost, timed, kind, counter, lock, updates, workers):
    counted(cost, kind, counter, lock, updates if timed else UNTIMED, workers)


@pytest.mark.parametrize(
    ("kind", "counter", "lock", "updates"),
    [
        ("processes", "Value", "each access locked", SHORT),
        ("threads", "Value", "each access locked", SHORT),
        ("threads", "attribute += 1", "without lock", LONG),
    ],
    ids=written,
)
def test_counter_that_looks_safe(cost, timed, kind, counter, lock, updates, workers):
    counted(cost, kind, counter, lock, updates if timed else UNTIMED, workers)


def counted(cost, kind, counter, lock, updates, workers):
    work = {"strategy": kind, "workload": "Counter", "workers": workers, "counter": counter, "lock": lock}
    cost("apparatus.locks:count", kind, counter, lock, workers, updates, **work)
