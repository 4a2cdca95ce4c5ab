"""What dask and ray are told beside their workers."""

import pytest
from probes import ProbeError
from skipping import parameters

from paceline.strategies.dask import Dask
from paceline.strategies.ray import Ray

ENGINES = pytest.mark.parametrize("engine", [Dask, Ray], ids=lambda engine: engine.name)
STARTED = pytest.mark.parametrize("engine", parameters([Dask, Ray]))


@pytest.mark.core
@ENGINES
@pytest.mark.parametrize("chunksize", [0, -1, 1.5, True, "2", None])
def test_a_chunk_size_that_is_none_is_refused(probe, engine, chunksize):
    with pytest.raises(ValueError, match=f"^{engine.name}: chunksize must be a whole number of 1 or more, not"):
        engine(probe, 2, chunksize=chunksize)


@pytest.mark.core
@ENGINES
def test_items_travel_one_by_one_and_to_no_cluster_unless_told_otherwise(probe, engine):
    options = engine(probe, 2).options
    assert (options["chunksize"], options["cluster"]) == (1, None)


@pytest.mark.core
@ENGINES
def test_what_is_saved_of_a_cluster_is_its_scheme_and_what_makes_another_one_is_its_address(probe, engine):
    address = f"{engine.scheme}://10.0.0.5:8786"
    strategy = engine(probe, 2, cluster=address)
    assert strategy.options["cluster"] == engine.scheme
    assert type(strategy)(probe, 2, **strategy.chosen).chosen["cluster"] == address


@STARTED
def test_items_that_travel_in_chunks_come_back_in_order(probe, engine):
    with engine(probe, 2, chunksize=3) as started:
        assert started.map(range(10)) == list(range(1, 11))
        assert started.map(range(2)) == [1, 2]
        with pytest.raises(ProbeError, match="^cursed$"):
            started.map([0, 1, ("fail", "cursed"), 3])
        assert started.map([]) == []
