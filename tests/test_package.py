"""What is published: what the wheel and the sdist hold, and that Paceline works where only they are installed."""

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
from email.parser import HeaderParser
from fnmatch import fnmatch
from pathlib import Path
from zipfile import ZipFile

import pytest
from flit_core import buildapi
from nightly import nightly
from processes import QUICK

import paceline

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NOT_IN_SDIST = ("results/*", *PROJECT["tool"]["flit"]["sdist"]["exclude"])

SHOP = """
def price(order):
    return sum(n * n for n in range(2_000 + order))
"""
TEST_SHOP = """
import pytest
from paceline.workloads import Call

@pytest.mark.strategies("sequential", "threads")
@pytest.mark.scale(items=4, workers=2, rounds=2)
def test_prices(measure, strategy, items, workers):
    measure(strategy(Call("shop:price"), workers), items)

def test_price(benchmark):
    benchmark(sum, range(9))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with the wheel and the sdist, as a build front end makes them."""
    folder = tmp_path_factory.mktemp("dist")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        buildapi.build_sdist(folder)
        buildapi.build_wheel(folder)
    return folder


@pytest.fixture
def wheel(built):
    [path] = built.glob("*.whl")
    return path


@pytest.fixture
def unpacked(built, tmp_path):
    """The sdist, unpacked."""
    [path] = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path, filter="data")
    [folder] = tmp_path.iterdir()
    return folder


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def kept():
    """The repository's files: those of git, and new ones that it doesn't ignore."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()
    return {name for name in listed if (ROOT / name).is_file()} or pytest.skip("this is no repository")


def test_the_wheel_holds_the_package_and_its_metadata_and_nothing_else(wheel):
    names = set(ZipFile(wheel).namelist())
    about = {name for name in names if name.startswith(f"paceline-{paceline.__version__}.dist-info/")}
    assert {name.rpartition("/")[2] for name in about} == {"METADATA", "RECORD", "WHEEL", "LICENSE", "entry_points.txt"}
    assert names - about == {name.removeprefix("src/") for name in kept() if name.startswith("src/")}


def test_the_sdist_holds_the_repository_without_the_runs_and_the_tests_that_read_them(unpacked):
    left_out = {name for name in kept() if any(fnmatch(name, pattern) for pattern in NOT_IN_SDIST)}
    assert files(unpacked) == kept() - left_out | {"PKG-INFO"}


def test_the_wheel_made_of_the_sdist_is_the_one_of_the_repository(unpacked, wheel, tmp_path, monkeypatch):
    monkeypatch.chdir(unpacked)
    again = ZipFile(tmp_path / buildapi.build_wheel(tmp_path))
    assert {each.filename: each.CRC for each in again.infolist()} == {
        each.filename: each.CRC for each in ZipFile(wheel).infolist()
    }


def test_the_metadata_name_the_version_and_the_extras(wheel):
    said = ZipFile(wheel).read(f"paceline-{paceline.__version__}.dist-info/METADATA").decode()
    metadata = HeaderParser().parsestr(said)
    assert metadata["Version"] == paceline.__version__
    assert set(metadata.get_all("Provides-Extra")) == set(PROJECT["project"]["optional-dependencies"])


def installed(folder, wheel, how):
    """Install the wheel into a new environment, and return the folder of its programs."""
    venv.create(folder, symlinks=True)
    programs = folder / "bin"
    options = ["--quiet", "--disable-pip-version-check", "--no-compile"]
    if how == "beside the libraries of this environment":
        options += ["--no-index", "--no-deps"]
        libraries = dict.fromkeys(map(sysconfig.get_path, ("purelib", "platlib")))
        [site] = folder.glob("lib/*/site-packages")
        (site / "libraries.pth").write_text("\n".join(libraries))  # none of their own .pth files counts
    pip = [sys.executable, "-m", "pip", "--python", programs / "python"]
    subprocess.run([*pip, "install", *options, wheel], check=True)
    return programs


@pytest.mark.parametrize("how", ["beside the libraries of this environment", nightly("from the index")])
def test_race_ab_and_the_plugin_work_where_the_wheel_is_installed(wheel, tmp_path, how):
    programs = installed(tmp_path / "environment", wheel, how)
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.py").write_text(SHOP)
    (folder / "test_shop.py").write_text(TEST_SHOP)
    (folder / "conftest.py").write_text('pytest_plugins = ["paceline.plugin"]\n')

    def run(program, *arguments):
        command = [programs / program, *arguments]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    where = run("python", "-c", "import paceline; print(paceline.__file__)")
    assert Path(where).is_relative_to(programs.parent)

    short = ("--count=4", "--rounds=2", "--workers=2", "--strategy=sequential", "--strategy=threads")
    raced = json.loads(run("paceline", "race", "shop:price", *short, "--json"))
    assert [lane["strategy"] for lane in raced["lanes"] if lane["verdict"] == "ran"] == ["sequential", "threads"]

    run("python", "-m", "pytest", "--benchmark-only", "-k", "prices", *QUICK)
    [saved] = folder.glob("results/*/*/0001_*.json")
    assert len(json.loads(saved.read_text())["benchmarks"]) == 2

    cells = ("--", "test_shop.py::test_price", *QUICK)
    compared = json.loads(run("paceline", "ab", "--baseline", ".", "--pairs=1", "--json", *cells))
    assert [cell["fullname"] for cell in compared["cells"]] == ["test_shop.py::test_price"]


@pytest.fixture
def session(tmp_path):
    """`session(*arguments)`: a session of this repository's where hypothesis can't be imported."""
    (tmp_path / "hypothesis.py").write_text("raise ModuleNotFoundError")

    def run(*arguments):
        command = [sys.executable, "-m", "pytest", *QUICK, *arguments]
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    return run


def test_without_what_the_tests_need_a_plain_session_says_so_in_a_line(session):
    ended = session()
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert ended.stderr.strip() == (
        "ERROR: the tests need hypothesis: type make test, or pip install --group test -e '.[all]' (pip 25.1 or newer)"
    )


def test_without_what_the_tests_need_a_session_that_measures_goes_on(session):
    ended = session("--benchmark-only", "--collect-only", "-q", "-k", "test_downloads and sequential")
    assert ended.returncode == 0, ended.stderr
    assert "benchmarks/test_downloads.py::" in ended.stdout
