"""How many downloads can one machine keep in flight?

Question: what is left of 1 s of latency, when 1,000 to 9,000 downloads wait at the same time?
Setup:    as many workers as downloads, 1 s each, with the raw client, over connections that the warm-up round opened.
Expect:   the limit is 1 s for any number; above it stand the CPU times of client and server for all items, which
          leaves the best event loop within 2.3 s at 9,000; and the ledger shows all of them in flight at once.
"""

import pytest

LATENCY = 1.0  # seconds
COUNTS = [1000, 9000]

pytestmark = [
    pytest.mark.extended,
    pytest.mark.strategies("asyncio", "asyncio-uvloop", "loops-in-threads", "loops-in-processes"),
    pytest.mark.clients("raw"),
    pytest.mark.scale(items=COUNTS, workers=COUNTS, latency=LATENCY, rounds=2),
]


def test_in_flight(measure, strategy, fetch, items, workers):
    cell = measure(strategy(fetch, workers), items)
    if cell.ledger and cell.latency >= LATENCY:
        assert cell.ledger["max_in_flight"] == cell.items, "not all of them were in flight at once"
