"""Two programs in turn, so that both see the same state of the machine."""

import time


def taken(benchmark, first, second, *, pairs, expected):
    """Time `second` with pytest-benchmark, `first` right before each of its rounds; both must give what is expected.

    Gives the seconds of both, shapes (n,); nothing where the session does not measure.
    """
    firsts = []

    def beforehand():
        begun = time.perf_counter()
        results = first()
        firsts.append(time.perf_counter() - begun)
        assert results == expected

    assert benchmark.pedantic(second, setup=beforehand, rounds=pairs) == expected
    return (firsts, benchmark.stats.stats.data) if benchmark.enabled else ([], [])
