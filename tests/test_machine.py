"""Facts about the machine: the fingerprint that keys a history, and CPUs as they can really be used."""

import itertools
import json
import os
import platform
import re
import socket
import subprocess
import sys
import sysconfig
import tomllib
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from paceline import machine, strategies
from paceline.ab.pair import PairSpec

pytestmark = pytest.mark.core

ARM = """processor\t: 0
BogoMIPS\t: 243.75
CPU implementer\t: 0x41
CPU part\t: 0xd0c
"""


def control_groups(tmp_path, membership, read=machine.quotas, **files):
    """Lay out a cgroup file system and read limits from it; a double underscore in a name stands for a slash."""
    (tmp_path / "self").write_text(membership)
    for name, content in files.items():
        path = tmp_path / "fs" / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return list(read(tmp_path / "fs", tmp_path / "self"))


def test_a_quota_of_version_2_is_read_in_cpus(tmp_path):
    assert control_groups(tmp_path, "0::/box\n", box__cpu_DOT_max="150000 100000\n") == [1.5]


def test_a_quota_above_the_own_group_binds_too(tmp_path):
    found = control_groups(tmp_path, "0::/a/b\n", a__b__cpu_DOT_max="max 100000\n", a__cpu_DOT_max="50000 100000\n")
    assert found == [0.5]


def test_a_container_that_sees_only_its_own_root_finds_the_quota_there(tmp_path):
    assert control_groups(tmp_path, "0::/docker/1234\n", cpu_DOT_max="200000 100000\n") == [2.0]


def test_a_quota_of_version_1_is_read_in_cpus(tmp_path):
    found = control_groups(
        tmp_path,
        "4:memory:/box\n3:cpu,cpuacct:/box\n0::/\n",
        **{
            "cpu,cpuacct__box__cpu_DOT_cfs_quota_us": "300000\n",
            "cpu,cpuacct__box__cpu_DOT_cfs_period_us": "100000\n",
            "cpu,cpuacct__cpu_DOT_cfs_quota_us": "-1\n",
            "cpu,cpuacct__cpu_DOT_cfs_period_us": "100000\n",
        },
    )
    assert found == [3.0]


@pytest.mark.parametrize("content", ["", "max 100000", "0 0", "rubbish", "1 2 3", "-1 100000"])
def test_what_is_no_quota_binds_nobody(tmp_path, content):
    assert control_groups(tmp_path, "0::/\nnonsense\n", cpu_DOT_max=content) == []


def test_limits_of_memory_are_read_of_the_own_group_and_of_those_above(tmp_path):
    files = {"a__b__memory_DOT_max": "max\n", "a__memory_DOT_max": "1048576\n", "memory_DOT_max": "2097152\n"}
    assert control_groups(tmp_path, "0::/a/b\n", machine.memory_limits, **files) == [2**20, 2**21]


def test_limits_of_memory_of_version_1_are_read(tmp_path):
    files = {"memory__box__memory_DOT_limit_in_bytes": "1048576\n", "cpu__box__cpu_DOT_max": "50000 100000\n"}
    assert control_groups(tmp_path, "4:memory:/box\n3:cpu:/box\n", machine.memory_limits, **files) == [2**20]


@pytest.mark.parametrize("content", ["", "max", "rubbish", "1 2"])
def test_what_is_no_limit_of_memory_binds_nobody(tmp_path, content):
    assert control_groups(tmp_path, "0::/\n", machine.memory_limits, memory_DOT_max=content) == []


def test_the_least_of_what_there_is_and_the_limits_is_the_usable_memory(monkeypatch):
    monkeypatch.setattr(machine, "memory_limits", lambda: iter([2**62]))
    whole = machine.usable_memory()
    assert whole == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    monkeypatch.setattr(machine, "memory_limits", lambda: iter([2**62, 2**20]))
    assert machine.usable_memory() == 2**20


def test_the_least_of_affinity_and_quota_counts(monkeypatch):
    monkeypatch.setattr(machine, "_affinity", lambda: 4)
    monkeypatch.setattr(machine, "quotas", lambda: iter([8.0, 1.5]))
    assert machine.usable_cpus() == 1.5
    assert machine.whole_cpus() == 1


def test_a_quota_below_one_cpu_still_leaves_one_whole(monkeypatch):
    monkeypatch.setattr(machine, "quotas", lambda: iter([0.25]))
    assert machine.usable_cpus() == 0.25
    assert machine.whole_cpus() == 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_affinity_narrows_the_cpus():
    ask = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from paceline import machine; "
    answer = subprocess.check_output([sys.executable, "-c", ask + "print(machine.usable_cpus())"], text=True)
    assert 0 < float(answer) <= 1


def test_the_fingerprint_is_fit_for_a_file_name_and_stays():
    word = machine.fingerprint()
    assert re.fullmatch(r"[a-z0-9._-]+", word)
    assert len(word) < 120
    assert word == machine.fingerprint()
    assert word.endswith(f"-{sys.version_info.major}.{sys.version_info.minor}{'t' if machine.free_threaded() else ''}")
    assert word.startswith(f"{platform.system().lower()}-{platform.machine().lower()}-")


def test_a_machine_that_measures_with_a_cluster_is_another_one():
    alone, together = machine.fingerprint(), machine.fingerprint("tcp")
    assert together.replace("-tcp-cluster-", "-") == alone != together


@pytest.mark.parametrize(
    ("model", "word"),
    [
        ("AMD EPYC 7763 64-Core Processor", "-amd-epyc-7763-2cpu-"),
        ("Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz", "-intel-xeon-e5-2686-v4-2cpu-"),
        ("Ä/../\x1b[31m*?", "-..-31m-2cpu-"),
        ("", "-unknown-2cpu-"),
    ],
)
def test_a_cpu_model_becomes_a_short_plain_word(monkeypatch, model, word):
    monkeypatch.setattr(machine, "cpu_model", lambda: model)
    monkeypatch.setattr(machine, "usable_cpus", lambda: 2.0)
    assert word in machine.fingerprint()


@pytest.mark.parametrize("cpus", [0.5, 1, 1.5, 64, 10_000])
@pytest.mark.parametrize("model", ["", "unknown", "AMD EPYC 7B13 64-Core Processor", "3.11", "Ünïcode ®"])
def test_every_fingerprint_is_known_for_one(monkeypatch, cpus, model):
    monkeypatch.setattr(machine, "usable_cpus", lambda: cpus)
    monkeypatch.setattr(machine, "cpu_model", lambda: model)
    assert machine.is_fingerprint(machine.fingerprint())


@pytest.mark.parametrize(
    "name",
    [
        "baseline",
        "2024-05-01",
        "figures",
        "partial",
        "ab",
        "seed-1",
        "Linux-CPython-3.11-64bit",
        "linux-cpu-bench-3.11",
    ],
)
def test_no_other_name_is_taken_for_a_fingerprint(name):
    assert not machine.is_fingerprint(name)


def built(monkeypatch, *, free_threaded=False, gil=False, jit="none", **known):
    """Be another build of this Python; `known` are its sysconfig's variables."""
    monkeypatch.setattr(machine, "free_threaded", lambda: free_threaded)
    monkeypatch.setattr(machine, "gil_asked_for", lambda: gil)
    monkeypatch.setattr(machine, "jit", lambda: jit)
    monkeypatch.setattr(sysconfig, "get_config_var", known.get)


PLAIN = f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({}, PLAIN),
        ({"PY_CORE_CFLAGS": "-O3", "CONFIG_ARGS": "'--enable-optimizations' '--with-lto'"}, PLAIN),
        ({"jit": "off"}, PLAIN),
        ({"jit": "on"}, f"{PLAIN}-jit"),
        ({"Py_DEBUG": 1}, f"{PLAIN}-debug"),
        ({"free_threaded": True}, f"{PLAIN}t"),
        ({"free_threaded": True, "gil": True}, f"{PLAIN}t-gil"),
        ({"free_threaded": True, "gil": True, "jit": "on", "Py_DEBUG": 1}, f"{PLAIN}t-gil-jit-debug"),
    ],
)
def test_a_history_is_of_one_way_to_run_a_build_and_not_of_its_compilers_options(monkeypatch, facts, word):
    built(monkeypatch, **facts)
    found = machine.fingerprint()
    assert machine.machine_and_build(found) == (found.removesuffix(f"-{word}"), word)
    assert machine.is_fingerprint(found)


def test_what_is_no_fingerprint_says_nothing_of_a_build():
    assert machine.machine_and_build("figures-3.11") == ("figures-3.11", "")


@pytest.mark.parametrize(
    ("known", "pgo", "lto", "bolt"),
    [
        ({"PY_CORE_CFLAGS": "-O3 -fPIC"}, False, False, False),
        ({"PY_CORE_CFLAGS": "-O3 -fprofile-use -fprofile-correction"}, True, False, False),
        ({"PY_CORE_CFLAGS": "-O3 -flto -fprofile-instr-use=code.profclangd"}, True, True, False),
        ({"PY_CORE_CFLAGS": "-O3", "CONFIG_ARGS": "'--enable-optimizations' '--with-lto=no'"}, True, False, False),
        ({"PY_CORE_CFLAGS": "-O3", "CONFIG_ARGS": "'--with-lto=thin' '--enable-bolt'"}, False, True, True),
        ({}, None, None, None),
    ],
)
def test_optimizations_are_read_off_what_this_python_was_built_with(monkeypatch, known, pgo, lto, bolt):
    built(monkeypatch, **known)
    facts = machine.build()
    assert (facts["pgo"], facts["lto"], facts["bolt"]) == (pgo, lto, bolt)
    assert (facts["debug"], facts["tail_calls"], facts["jit"]) == (False, False, "none")


@pytest.mark.parametrize(
    ("maps", "pgo"), [("/usr/bin/python3", None), ("/lib/libpython3.14.so.1.0", False), ("", False)]
)
def test_nothing_is_taken_from_the_flags_of_a_shared_library_that_is_not_in_use(monkeypatch, maps, pgo):
    built(monkeypatch, PY_CORE_CFLAGS="-O2", Py_ENABLE_SHARED=1)
    monkeypatch.setattr(machine, "text", {Path("/proc/self/maps"): maps}.get)
    assert machine.build()["pgo"] is pgo


@pytest.mark.parametrize(
    ("api", "flags", "state"),
    [
        (SimpleNamespace(is_available=lambda: True, is_enabled=lambda: True), "", "on"),
        (SimpleNamespace(is_available=lambda: True, is_enabled=lambda: False), "", "off"),
        (SimpleNamespace(is_available=lambda: False, is_enabled=lambda: False), "", "none"),
        (None, "-O3", "none"),
        (None, "-D_Py_TIER2=1 -D_Py_JIT", None),
    ],
)
def test_whether_there_is_a_jit_and_it_is_on_is_asked_of_python(monkeypatch, api, flags, state):
    monkeypatch.setattr(sys, "_jit", api, raising=False)
    monkeypatch.setattr(sysconfig, "get_config_var", {"PY_CORE_CFLAGS": flags}.get)
    assert machine.jit() == state


@pytest.mark.parametrize(
    ("cpuinfo", "model"),
    [
        ("processor: 0\nmodel name\t: Some CPU\nprocessor: 1\nmodel name: Other\n", "Some CPU"),
        (ARM, "arm 0x41 0xd0c"),
        ("", ""),
    ],
)
def test_the_cpu_model_is_read_as_the_kernel_gives_it(cpuinfo, model):
    assert machine._model_in(cpuinfo) == model


@pytest.mark.parametrize("gather", [machine.stable_facts, machine.volatile_facts], ids=lambda gather: gather.__name__)
def test_facts_tell_nothing_private_and_survive_json(gather):
    facts = gather()
    text = json.dumps(facts)
    assert json.loads(text) == facts
    assert str(Path.cwd()) not in text
    assert sys.prefix not in text
    assert platform.release() not in text
    assert socket.gethostname() not in text or len(socket.gethostname()) < 4


def test_stable_facts_name_the_libraries_that_are_there():
    found = machine.stable_facts(["requests", "no-such-library"])["libraries"]
    assert found == {"requests": metadata.version("requests"), "no-such-library": None}


PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MOVES_NO_FIGURE = {
    "altair": "draws",
    "jinja2": "draws",
    "msgspec": "reads what was saved",
    "packaging": "reads versions",
    "psutil": "hands on what the kernel counts",
    "rich": "prints",
    "ruptures": "judges what was measured",
    "scipy": "judges what was measured",
    "tomli-w": "writes baselines",
    "vl-convert-python": "draws",
}


def test_every_library_that_paceline_stands_on_is_recorded_or_known_to_move_no_figure():
    wanted = [*PROJECT["dependencies"], *itertools.chain.from_iterable(PROJECT["optional-dependencies"].values())]
    named = {re.match(r"[A-Za-z0-9_.-]+", requirement)[0] for requirement in wanted}
    assert named - set(strategies.libraries()) == set(MOVES_NO_FIGURE)


def test_a_comparison_in_lockstep_records_the_libraries_that_a_saved_run_does():
    asked = PairSpec(kind="trial", arguments=(), timeout=1.0, plugin=Path()).message()["libraries"]
    assert asked == strategies.libraries()


def test_volatile_facts_are_those_of_this_interpreter():
    facts = machine.volatile_facts()
    assert facts["gil"] in ("on", "off")
    assert facts["switch_interval"] > 0


def test_asking_the_machine_imports_nothing_heavy():
    ask = "import sys, paceline.machine as m; m.fingerprint(); print(*sorted(x.partition('.')[0] for x in sys.modules))"
    modules = set(subprocess.check_output([sys.executable, "-c", ask], text=True).split())
    assert not modules & {"numpy", "pytest", "requests", "aiohttp", "msgspec", "rich"}
