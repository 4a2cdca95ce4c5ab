"""Who may know whom, read from the code."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "paceline"

MAY_KNOW = {
    "contracts": set(),
    "stats": set(),
    "text": set(),
    "values": set(),
    "server": {"text"},
    "cgroups": set(),
    "importing": set(),
    "ini": set(),
    "machine": {"cgroups"},
    "observed": {"contracts"},
    "portable": set(),
    "tasks": {"contracts"},
    "typed": {"text"},
    "pool_worker": {"contracts", "importing", "portable"},
    "dask_node": {"pool_worker", "portable"},
    "dask_worker": {"contracts", "portable"},
    "ray_crew": {"contracts", "portable", "ray_messages", "ray_worker"},
    "ray_messages": set(),
    "ray_node": {"family", "pool_worker", "portable", "ray_crew", "ray_messages", "ray_reach"},
    "ray_reach": {"ray_messages"},
    "ray_worker": {"contracts", "portable"},
    "interpreter_worker": {"contracts", "portable"},
    "loop_worker": {"contracts", "pool_worker", "portable", "tasks"},
    "strategies": {
        "contracts", "dask_node", "dask_worker", "family", "importing", "interpreter_worker", "loop_worker",
        "machine", "pool_worker", "portable", "ray_messages", "ray_node", "tasks",
    },
    "workloads": {"contracts", "importing", "portable", "server.body", "tasks"},
    "history": {"contracts", "machine", "stats"},
    "claims": {"history", "stats"},
    "report": {"claims", "history", "stats"},
    "measuring": {
        "contracts", "machine", "observed", "server", "stats", "strategies", "tracers", "values", "workloads",
    },
    "family": set(),
    "tracers": set(),
    "fresh": {"fresh_messages", "importing", "piped"},
    "fresh_messages": set(),
    "fresh_worker": {"fresh_messages", "piped_worker", "portable"},
    "piped_worker": set(),
    "plugin": {
        "contracts", "fresh", "history", "importing", "machine", "measuring", "report", "server", "strategies",
        "tracers", "typed", "workloads", "writing",
    },
    "ab": {"family", "history", "machine", "report", "server", "stats", "typed"},
    "trends": {"history", "machine", "report", "stats", "typed"},
    "predict": {"history", "machine", "report", "stats", "strategies", "typed"},
    "race": {
        "contracts", "family", "history.files", "machine", "piped", "piped_worker", "report", "stats", "strategies",
        "tasks", "tracers", "values", "workloads",
    },
    "piped": {"family"},
    "watch": {
        "contracts", "machine", "observed", "piped", "piped_worker", "race.child", "race.lane", "race.output", "report",
        "server", "stats", "strategies", "typed", "workloads",
    },
    "writing": {"history.publishing"},
    "trace": {"observed", "server", "watch"},
    "reporting": {"ab", "claims", "history", "machine", "report", "strategies", "trends", "stats"},
    "commands": {
        "ab", "claims", "history", "machine", "observed", "predict", "race", "report", "reporting", "server", "stats",
        "strategies", "trace", "trends", "typed", "watch", "workloads", "writing",
    },
    "cli": {"commands", "history", "machine"},
    "__main__": {"cli"},
}  # fmt: skip


def modules():
    return sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


def room(path):
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def imports(path):
    """Every module that `path` imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "paceline":
            yield from (f"paceline.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_knows_only_its_neighbours(path):
    own = room(path)
    for name in imports(path):
        top, _, inside = name.partition(".")
        if top != "paceline" or inside.split(".")[0] == own or inside in ("", "__version__"):
            continue
        allowed = {neighbour for neighbour in MAY_KNOW[own] if f"{inside}.".startswith(f"{neighbour}.")}
        assert allowed, f"{own} must not import {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_plugin_imports_pytest(path):
    if room(path) not in ("plugin", "ini"):
        assert not [name for name in imports(path) if name.partition(".")[0] in ("pytest", "_pytest")]


def test_every_room_is_in_the_table():
    assert {room(path) for path in modules()} == set(MAY_KNOW)
