"""Is the network the bottleneck?

Question: which of latency, bandwidth and the client bounds a set of downloads?
Setup:    20 downloads of 10 ms, 10 at a time, with asyncio and the raw client: 1 KiB, 32 KiB or 512 KiB each, over a
          link without a limit, of 100 MB/s and of 10 MB/s, which all connections share.
Expect:   small answers are bound by latency whatever the link is; large ones by a slow link, which no strategy can
          change, and by the client's own CPU time where there is no limit. The bound that binds is the largest of
          three: the waits, bytes / bandwidth, and the CPU time of the client's one thread.
"""

from contextlib import ExitStack

import pytest

from paceline.stats import samples

MB = 1e6
LINKS = {"unlimited": None, "100 MB/s": 100 * MB, "10 MB/s": 10 * MB}  # bytes per second
SIZES = [1 << 10, 32 << 10, 512 << 10]  # bytes

pytestmark = [
    pytest.mark.extended,
    pytest.mark.replicated,
    pytest.mark.strategies("asyncio"),
    pytest.mark.clients("raw"),
    pytest.mark.scale(items=20, workers=10, latency=0.010, size=SIZES, rounds=3),
]


@pytest.fixture(scope="module")
def servers(serve):
    with ExitStack() as stack:
        yield {link: stack.enter_context(serve(bandwidth=bandwidth)) for link, bandwidth in LINKS.items()}


@pytest.fixture
def instrument(servers, link):
    return servers[link]


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"link={link.removesuffix('/s').replace(' ', '')}")
def test_payload(measure, benchmark, strategy, fetch, items, workers, link):
    known = {"link": link}
    if LINKS[link]:
        known["bandwidth_bytes_per_second"] = LINKS[link]
    cell = measure(strategy(fetch, workers), items, **known)
    bounds = {
        "latency": samples.waiting([cell.latency] * cell.items, cell.workers),
        "bandwidth": samples.carrying(cell.size * cell.items, LINKS[link]),
        "client": cell.cpu_seconds or 0.0,
    }
    benchmark.extra_info.update(
        waiting_limit_seconds=bounds["latency"],
        carrying_limit_seconds=bounds["bandwidth"],
        binding=max(bounds, key=bounds.get),
    )
