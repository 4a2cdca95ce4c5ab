"""The GIL where a build does without: a library that switches it on is a mark beside every figure, with its name."""

import shutil
import subprocess
import sys
import sysconfig
from types import SimpleNamespace

import pytest

from paceline import machine
from paceline.child import processes
from paceline.measuring import cells, gil
from paceline.measuring.cells import described
from paceline.measuring.passes import Plan
from paceline.strategies import by_name
from paceline.strategies.sequential import Sequential
from paceline.workers import gil as here
from paceline.workers.metered import Metered, Usage
from paceline.workloads import Call, Compute

pytestmark = pytest.mark.core

SWITCHER = """\
#include <Python.h>
static struct PyModuleDef_Slot slots[] = {{0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "switcher", NULL, 0, NULL, slots, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_switcher(void) { return PyModuleDef_Init(&module); }
"""
WARNS = """\
import warnings
warnings.warn("The global interpreter lock (GIL) has been enabled to load module 'b._c', which ...", RuntimeWarning)
"""
DOUBT = "gil: b._c switched the GIL on, so that threads compute one at a time"
compiler = shutil.which((sysconfig.get_config_var("CC") or "cc").split()[0])
without_gil = pytest.mark.skipif(
    not machine.free_threaded() or machine.gil_asked_for(), reason="this Python has a GIL in any case"
)


@pytest.fixture(autouse=True)
def _forgets():
    gil._culprit.cache_clear()
    yield
    gil._culprit.cache_clear()


@pytest.fixture
def switched(monkeypatch):
    """Be a process in which a module `b._c` switched the GIL on."""
    monkeypatch.setattr(here, "switched_on_by", lambda: ["a", "b._c"])
    monkeypatch.setattr(processes, "call", lambda *_, **__: "b._c")


def added(**facts):
    cell = described("lab", Sequential(Compute("squares", 10), 1), range(2))
    rounds = SimpleNamespace(used=[Usage()] * 4, ledgers=[None] * 4)
    cells.add(cell, [1.0, 1.0, 1.0], rounds, Usage(), unproven=False, **facts)
    return cell


@pytest.mark.usefixtures("switched")
def test_a_library_that_switched_the_gil_on_is_named_beside_every_figure():
    assert added().warnings == [DOUBT]


def test_one_that_did_so_in_a_worker_is_named_too(monkeypatch, tmp_path):
    metered = Metered(Compute("squares", 10), tmp_path / "usage", home=0)
    with metered.worker():
        pass
    assert metered.gil_switched_on_by() == []
    monkeypatch.setattr(here, "switched_on_by", lambda: ["a", "b._c"])
    with metered.worker():
        pass
    monkeypatch.undo()
    monkeypatch.setattr(processes, "call", lambda *_, **__: "b._c")
    assert added(modules=metered.gil_switched_on_by()).warnings == [DOUBT]


def test_what_can_not_be_named_is_a_doubt_all_the_same(monkeypatch):
    def lost(*_, **__):
        raise processes.HungError("no answer")

    monkeypatch.setattr(here, "switched_on_by", lambda: ["a"])
    monkeypatch.setattr(processes, "call", lost)
    assert added().warnings == ["gil: a library switched the GIL on, so that threads compute one at a time"]


def test_the_module_is_the_one_of_which_python_warns_when_it_is_imported_again(tmp_path, monkeypatch):
    for name, text in {"a": "", "b": WARNS, "broken": "raise OSError"}.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(here, "switched_on_by", lambda: ["b"] if "b" in sys.modules else [])
    assert here.first_to_switch(["a", "broken"]) is None
    assert here.first_to_switch(["broken", "a", "b"]) == "b._c"


@pytest.mark.skipif(machine.free_threaded(), reason="this Python can do without the GIL")
def test_no_library_is_blamed_for_a_gil_that_is_always_there():
    assert here.switched_on_by() == []
    assert gil.doubt() is None


@without_gil
@pytest.mark.skipif(compiler is None, reason="there is no C compiler")
def test_a_compiled_module_that_does_not_declare_itself_is_the_one_that_is_named(tmp_path, monkeypatch):
    (tmp_path / "switcher.c").write_text(SWITCHER)
    (tmp_path / "work.py").write_text("import switcher\n\n\ndef double(item):\n    return 2 * item\n")
    built = f"switcher{sysconfig.get_config_var('EXT_SUFFIX')}"
    include = sysconfig.get_path("include")
    subprocess.run([compiler, "-shared", "-fPIC", f"-I{include}", "switcher.c", "-o", built], cwd=tmp_path, check=True)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("threads", "pool-spawn"):
        strategy = by_name()[name](Call("work:double"), 2)
        cell, _ = processes.call("paceline.measuring.passes:measured", Plan("lab", 3), strategy, range(4))
        [doubt] = [warning for warning in cell.warnings if warning.startswith("gil:")]
        assert doubt == "gil: switcher switched the GIL on, so that threads compute one at a time"


@pytest.mark.skipif(not machine.free_threaded(), reason="this Python has a GIL in any case")
@pytest.mark.parametrize(("chosen", "word"), [("gil=1", "t-gil"), ("gil=0", "t")])
def test_a_build_started_with_the_gil_is_one_of_its_own_in_its_new_processes_too(chosen, word):
    ask = "from paceline import machine; from paceline.child import processes; print(machine.fingerprint())"
    ask += "\nprint(processes.call('paceline.machine:fingerprint'), machine.has_gil())"
    told = subprocess.check_output([sys.executable, "-X", chosen, "-c", ask], text=True).split()
    assert told[0] == told[1]
    assert told[0].endswith(f".{sys.version_info.minor}{word}")
    assert told[2] == str(chosen == "gil=1")
