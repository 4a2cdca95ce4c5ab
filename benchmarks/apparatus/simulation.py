"""A round as a simulation of discrete events: workers, a client's CPU, a server, and its service times.

The model of `paceline predict` adds up means. Here every item takes its own way, so what waits for what, and how much
of the waiting hides behind computing, is not put in: it comes out.
"""

import time

from apparatus.prediction import known
from paceline.predict.groups import costs
from paceline.predict.measured import Columns, Work
from paceline.predict.model import capacity
from paceline.server.service import Service


class Queue:
    """A server that takes items in the order in which they come, one at a time.

    Source: D. V. Lindley, The Theory of Queues with a Single Server, Proceedings of the Cambridge Philosophical Society
        48 (1952), 277-289: an item begins when it is there and the one before it is done.
    """

    def __init__(self):
        self.free = 0.0

    def until(self, now, seconds):
        """Return how long it takes from now until `seconds` of service are over."""
        self.free = max(now, self.free) + seconds
        return self.free - now


def round_seconds(parts, work, service, server_seconds):
    """Simulate a round.

    Args:
        parts: the fitted `paceline.predict.model.Parts`; its overlap is left out.
        work: a `Work`; its latency is only looked at for whether a worker sleeps, as `service` says how long.
        service: a `Service`, which gives each item's time.
        server_seconds: CPU time that the server needs for an item.
    """
    import simpy

    world, client, server = simpy.Environment(), Queue(), Queue()
    left = iter(range(work.items))
    overhead, own = _of_an_item(parts, work)
    trip = parts.trip + (parts.wake if work.latency else 0.0)

    def worker():
        for item in left:
            yield world.timeout(client.until(world.now, overhead + own) + trip / 2)
            yield world.timeout(server.until(world.now, server_seconds) + service.seconds(item) + trip / 2)

    for _ in range(min(work.workers, work.items)):
        world.process(worker())
    world.run()
    return world.now


def compare(strategy, client, items, workers, latency, jitter):
    """Simulate a round with the parts that were fitted to the newest fitting run, and put it beside what else is known.

    Returns:
        seconds: that the simulation took.
        simulated_seconds: of the round.
        predicted_seconds: what `paceline predict` says of it, which knows no jitter.
        real_seconds: what the run measured, if it did this very work; else None.
        simulated_over_predicted, simulated_over_real: their ratios.
    """
    run, cells, fit = known(strategy, client)
    work = Work(items=items, workers=workers, latency=latency, size=1024)
    service = Service.parse(f"latency={latency!r}" + (f"&jitter={jitter}" if jitter != "none" else ""))
    begun = time.perf_counter()
    simulated = round_seconds(fit.parts, work, service, costs(run, strategy, client).server_seconds)
    took = time.perf_counter() - begun
    alike = [cell for cell in cells if cell.work == work]
    real = alike[0].seconds if alike and jitter == "none" else None
    return {
        "seconds": [took],
        "simulated_seconds": simulated,
        "predicted_seconds": fit.seconds(work),
        "simulated_over_predicted": simulated / fit.seconds(work),
        "real_seconds": real,
        "simulated_over_real": simulated / real if real else None,
        "run": str(run.number),
    }


def _of_an_item(parts, work):
    """The client's CPU time of one item: its overhead, and its own computing, as all workers together get them done."""
    columns = Columns.of([work])
    shared = float(capacity(parts, columns.workers)[0])
    overhead = (parts.busy + parts.byte * work.size) / shared
    at_once = float(capacity(parts, columns.workers.clip(max=parts.cpus))[0])
    return overhead, parts.stretch * work.cpu_seconds / (1.0 if parts.one_at_a_time else at_once)
