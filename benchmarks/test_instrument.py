"""What does the instrument itself cost, and how exact is it?

Question: does the server get in the way of what is measured, where a usual one would, and are its waits what they say?
Setup:    the same downloads from three servers, each in a process of its own: the instrument, aiohttp.web, and
          pytest-httpserver. Without latency, so that the server's work is all there is: its CPU time per request, and,
          where wrk is installed, the requests/s it reaches on a core of its own. Then the instrument's latency as wrk
          sees it, and 9,000 connections held open at once.
Expect:   the instrument needs the least CPU time by far; no answer comes early, and 99 of 100 come within 0.7 ms.
"""

import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from paceline.server.process import KINDS
from paceline.strategies import STRATEGIES

pytestmark = [
    pytest.mark.scale(items=400, workers=10, latency=0.0),
    pytest.mark.usefixtures("measure"),  # cells too, though wrk's load goes into pytest-benchmark as it is
]

for_a_second = pytest.mark.parametrize("seconds", [1], ids="seconds={}".format)  # of wrk's load, for one round
needs_wrk = pytest.mark.skipif(not shutil.which("wrk"), reason="wrk is not installed (Debian's package wrk)")
needs_two_cpus = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="a core each for wrk and the server: two")


@pytest.fixture(scope="module", params=KINDS, ids="server={}".format)
def instrument(request, serve):
    with serve(request.param) as server:
        yield server


@pytest.mark.parametrize("client", ["raw"], indirect=True)
def test_cpu_per_request(measure, benchmark, request, instrument, fetch, items, workers):
    asyncio = next(strategy for strategy in STRATEGIES if strategy.name == "asyncio")
    cell = measure(asyncio(fetch, workers), items, server=request.node.callspec.params["instrument"])
    last_round = instrument.cpu_seconds()  # each round begins with a reset
    benchmark.extra_info["server_seconds_per_request"] = last_round / cell.items


@needs_wrk
@needs_two_cpus
@for_a_second
def test_requests_per_second(benchmark, request, instrument, seconds):
    """50 connections, 1 KiB, no latency; the server on one core and wrk on the other."""
    first, second = sorted(os.sched_getaffinity(0))[:2]
    before = os.sched_getaffinity(instrument.pid)
    _pin(instrument.pid, {first})
    try:
        seen = _load(benchmark, f"{instrument.url}/item/1?size=1024", connections=50, seconds=seconds, cpu=second)
    finally:
        _pin(instrument.pid, before)
    benchmark.extra_info.update(seen, server=request.node.callspec.params["instrument"], size=1024, latency=0.0)


@needs_wrk
@pytest.mark.parametrize("instrument", ["instrument"], indirect=True, ids="server={}".format)
@for_a_second
def test_latency_as_wrk_sees_it(benchmark, instrument, seconds):
    """10 connections at 1 ms."""
    instrument.reset()
    seen = _load(benchmark, f"{instrument.url}/item/1?size=1024&latency=0.001", connections=10, seconds=seconds)
    benchmark.extra_info.update(seen, server="instrument", size=1024, latency=0.001)
    assert seen["least_seconds"] >= 0.001, "an answer came before its time"


@needs_wrk
@pytest.mark.extended
@pytest.mark.parametrize("instrument", ["instrument"], indirect=True, ids="server={}".format)
def test_nine_thousand_connections(benchmark, instrument):
    """9,000 connections at 1 s, and the memory that the server needs for them."""
    instrument.reset()
    url = f"{instrument.url}/item/1?size=1024&latency=1"
    seen = _load(benchmark, url, connections=9000 if benchmark.enabled else 50, seconds=10 if benchmark.enabled else 2)
    most, memory = instrument.ledger().max_in_flight, _rss(instrument.pid)
    benchmark.extra_info.update(seen, server="instrument", size=1024, latency=1.0, max_in_flight=most, rss_bytes=memory)


def _pin(pid, cpus):
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):  # a thread that served one request and has ended meanwhile
            os.sched_setaffinity(int(thread.name), cpus)


def _rss(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) * 1024


LUA = """
done = function(summary, latency, requests)
  io.write(string.format("figures %d %d %d %d %d %d\\n", summary.requests, summary.duration, latency.min,
    latency:percentile(50), latency:percentile(99), summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.status + summary.errors.timeout))
end
"""


def _load(benchmark, url, *, connections, seconds, cpu=None):
    """Let wrk ask for `url`; what it saw in the last round, in seconds and requests per second."""
    pinned = ["taskset", "-c", str(cpu)] if cpu is not None else []
    command = [*pinned, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", "/dev/stdin", url]

    def wrk():
        return subprocess.run(command, input=LUA, capture_output=True, text=True, check=True, timeout=60).stdout

    shown = benchmark.pedantic(wrk, rounds=1)
    requests, microseconds, least, p50, p99, errors = map(
        int, re.search(r"^figures (.*)$", shown, re.MULTILINE)[1].split()
    )
    assert not errors, shown
    return {
        "experiment": "instrument",
        "strategy": "wrk",
        "workload": "GET",
        "items": requests,
        "workers": connections,
        "requests_per_second": requests / microseconds * 1e6,
        "least_seconds": least / 1e6,
        "p50_seconds": p50 / 1e6,
        "p99_seconds": p99 / 1e6,
    }
