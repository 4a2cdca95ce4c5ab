"""What a worker process has imported once its workload is open: each start is charged for it."""

import pytest

from paceline.child import processes

OURS = {
    "paceline",
    "paceline.contracts",
    "paceline.workers",
    "paceline.workers.errors",
    "paceline.workers.gil",
    "paceline.workers.metered",
    "paceline.workers.pool_worker",
    "paceline.workloads",
}


def ours(modules):
    return {name for name in modules if name.partition(".")[0] == "paceline"}


@pytest.mark.parametrize(
    ("workload", "more"),
    [
        ("Fetch:requests", {"fetch"}),
        ("Fetch:raw", {"fetch", "raw"}),
        ("Compute", {"compute"}),
        ("Mixed", {"compute", "fetch", "mixed", "raw"}),
    ],
)
def test_a_spawned_worker_imports_its_own_module_its_workload_and_nothing_else_of_ours(workload, more):
    modules = processes.call("far:imported_by_a_spawned_worker", workload)
    assert ours(modules) == OURS | {f"paceline.workloads.{name}" for name in more}
    assert not {"pytest", "psutil", "numpy", "aiohttp"} & set(modules)


def test_a_worker_that_blocks_starts_without_asyncio():
    assert "asyncio" not in processes.call("far:imported_by_a_spawned_worker", "Fetch:raw")
