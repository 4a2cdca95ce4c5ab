"""The strategy ray on a cluster whose head is lost; in a module of its own, as two heads on one machine are one too
many.
"""

import threading

import pytest
from probes import Probe
from ray_hosts import cluster, pull

from paceline.strategies import WorkerDied
from paceline.strategies.ray import Ray

pytestmark = pytest.mark.skipif(bool(Ray.unavailable()), reason=f"ray {Ray.unavailable()}")


def test_a_head_that_is_lost_becomes_a_clear_error(tmp_path, capfd):
    with cluster() as there:
        puller = threading.Timer(0.3, pull, (there.head,))
        lost = pytest.raises(WorkerDied, match=rf"{there.address} was lost before its items were done: .*no result")
        with lost, Ray(Probe(tmp_path / "log"), 1, cluster=there.address) as started:
            puller.start()
            started.map([("sleep", 0.05, None)] * 400)
        puller.join()
    assert capfd.readouterr().err == "", "whoever started the session heard more than the error"
