"""Does each process need a session of its own?

Question: what becomes of downloads, when processes share the session that was opened before they were forked?
Setup:    4 processes, 10 downloads of 5 ms and 1 KiB each, with requests: over a session that each has opened, and over
          one that all were given, with a connection that had been used before the fork.
Expect:   with their own, every download arrives; with the shared one the processes read each other's answers, and most
          of them fail or come back wrong.
"""

import pytest

WORKERS, ITEMS = 4, 10
LATENCY, SIZE = 0.005, 1024  # seconds, bytes

pytestmark = [pytest.mark.extended, pytest.mark.replicated]


@pytest.mark.parametrize("opened", ["in each process", "before the fork"], ids=["opened=each", "opened=before"])
def test_sessions(cost, instrument, opened):
    url = f"{instrument.url}/item/{{item}}?latency={LATENCY}&size={SIZE}"
    work = {"strategy": "pool-fork", "workload": "Fetch", "client": "requests", "latency": LATENCY, "size": SIZE}
    arguments = (url, SIZE, WORKERS, ITEMS, opened)
    cost("apparatus.sessions:downloads", *arguments, **work, workers=WORKERS, items=WORKERS * ITEMS, opened=opened)
