"""Runs as nobody would measure them, but as a file may hold them."""

from hypothesis import strategies as st
from saved_runs import benchmark, saved

TEXT = st.text(max_size=20)
FRACTION = st.none() | st.floats(min_value=-1e6, max_value=1e6)
COUNT = st.integers(min_value=0, max_value=2**63 - 1)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))
EXTRAS = st.fixed_dictionaries(
    {"strategy": st.sampled_from(["sequential", "threads"]) | TEXT, "workload": TEXT, "items": COUNT, "workers": COUNT},
    optional={
        "options": st.dictionaries(TEXT, st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXT, max_size=3),
        "client": st.none() | TEXT,
        "latency": FRACTION,
        "size": st.none() | COUNT,
        "kernel": st.sampled_from([None, "squares"]) | TEXT,
        "limit": FRACTION,
        "efficiency": FRACTION,
        "overhead": FRACTION,
        "start_seconds": FRACTION,
        "context_switches": st.none() | COUNT,
        "server_share": FRACTION,
        "warnings": st.lists(TEXT, max_size=3),
        "memory": ANYTHING,
    },
)
ROUNDS = st.lists(st.floats(min_value=1e-9, max_value=1e6), min_size=1, max_size=8)


@st.composite
def runs(draw):
    """Draw a valid run with up to four cells."""
    extras = draw(st.lists(st.tuples(EXTRAS, ROUNDS), max_size=4))
    made = []
    for index, (extra, rounds) in enumerate(extras):
        one = benchmark(rounds=rounds)
        one["fullname"] = f"benchmarks/test_x.py::test_x[{index}]"
        one["extra_info"] = {"experiment": draw(st.sampled_from(["downloads", "computing"]) | TEXT), **extra}
        made.append(one)
    return {**saved(), "benchmarks": made}
