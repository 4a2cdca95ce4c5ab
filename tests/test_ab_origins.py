"""Which modules are a side's own, whatever the layout of its project and however that is installed."""

import subprocess
import sys
from importlib.util import spec_from_file_location

import pytest

from paceline.ab.origins import Code, importable, own_code, projects, roots, strangers

OWN = ["conftest.py", "pyproject.toml", "python/wares/__init__.py", "python/wares/deep.py", "lib/acme/parts.py"]


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


@pytest.fixture
def here(tmp_path):
    """A working tree and the checkout of a revision, both with the project `the-wares`."""
    for top in ("tree", "checkout"):
        for file in OWN:
            write(tmp_path / top / file)
    return tmp_path


def own(here, beside="tree"):
    return Code(here / "checkout", importable(OWN), frozenset({"the-wares"}), here / beside)


def distributed(site, name, *files):
    """Let a distribution list files in a folder of an environment."""
    for file in files:
        write(site / file)
    write(site / f"{name}-1.dist-info" / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    write(site / f"{name}-1.dist-info" / "RECORD", "".join(f"{file},,\n" for file in files))


# What is there to import


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("wares/__init__.py", ["wares"]),
        ("wares.py", ["wares"]),
        ("src/wares/__init__.py", ["src.wares", "wares"]),
        ("packages/x-1/src/wares.py", ["src.wares", "wares"]),
        ("src/acme/wares/__init__.py", ["acme.wares", "src.acme.wares", "wares"]),
        ("wares/__main__.py", []),
        ("__init__.py", []),
        ("wares/data.txt", []),
    ],
)
def test_a_module_may_have_the_name_of_every_path_to_it(file, names):
    assert sorted(importable([file])) == names


def test_what_lies_in_a_package_has_no_name_of_its_own():
    files = ["src/wares/__init__.py", "src/wares/deep.py", "src/wares/vendor/attr/__init__.py"]
    assert set(importable(files).values()) == {"src/wares/__init__.py"}
    assert "attr" in importable([*files, "vendor/attr/__init__.py"])


@pytest.mark.parametrize(
    ("file", "text", "names"),
    [
        ("pyproject.toml", '[project]\nname = "The.Wares"', ["the-wares"]),
        ("packages/x/pyproject.toml", '[tool.poetry]\nname = "the_wares"', ["the-wares"]),
        ("setup.cfg", "[metadata]\nname = the-wares\n", ["the-wares"]),
        ("setup.py", "from setuptools import setup\nsetup(name='the-wares', version='1')", ["the-wares"]),
        ("pyproject.toml", "[tool.ruff]", []),
        ("pyproject.toml", "name = {{ template }}", []),
    ],
)
def test_a_projects_name_is_read_where_it_is_declared(file, text, names, tmp_path):
    write(tmp_path / file, text)
    assert list(projects(tmp_path, [file, "gone/setup.py"])) == names


def test_a_project_that_was_renamed_since_is_known_by_both_names(here):
    for top, name in (("tree", "new"), ("checkout", "old")):
        write(here / top / "pyproject.toml", f'[project]\nname = "{name}"')
        subprocess.run(["git", "init", "--quiet", here / top], check=True)
        subprocess.run(["git", "-C", here / top, "add", "."], check=True)
    found = own_code(here / "checkout", working_tree=here / "tree")
    assert found.projects == {"new", "old"}
    assert found.modules["wares"] == "python/wares/__init__.py"


# Where the working tree is imported from


@pytest.mark.parametrize("folder", ["python", "packages/b/src"])
def test_where_an_editable_install_leads_each_side_has_a_folder_of_its_own(folder, here, monkeypatch):
    for top in ("tree", "checkout"):
        write(here / top / folder / "madewares" / "__init__.py")
    monkeypatch.syspath_prepend(here / "tree" / folder)
    found = roots(Code(here / "checkout", importable([f"{folder}/madewares/__init__.py"]), working_tree=here / "tree"))
    assert found == [here / "checkout" / folder]


def test_a_namespace_package_is_found_beside_the_parts_of_others(here, monkeypatch):
    write(here / "other" / "acmespace" / "theirs.py")
    for top in ("tree", "checkout"):
        write(here / top / "lib" / "acmespace" / "ours" / "__init__.py")
    for folder in (here / "tree" / "lib", here / "other"):
        monkeypatch.syspath_prepend(folder)
    found = roots(Code(here / "checkout", importable(["lib/acmespace/ours/__init__.py"]), working_tree=here / "tree"))
    assert found == [here / "checkout" / "lib"]


class Finder:
    """Finds a package by a hook, as editable installs do that add nothing to the path."""

    def __init__(self, name, file):
        self.name, self.file = name, file

    def find_spec(self, name, *_):
        return spec_from_file_location(name, self.file) if name == self.name else None


def test_an_editable_install_may_lead_there_by_a_hook(here, monkeypatch):
    file = write(here / "tree" / "code" / "hookedwares" / "__init__.py")
    write(here / "checkout" / "code" / "hookedwares" / "__init__.py")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder("hookedwares", file)])
    found = roots(Code(here / "checkout", importable(["code/hookedwares/__init__.py"]), working_tree=here / "tree"))
    assert found == [here / "checkout" / "code"]


def test_a_folder_that_a_side_lacks_and_one_of_an_environment_are_none_of_its_own(here, monkeypatch):
    for folder in ("newlayout", ".venv/lib/site-packages"):
        write(here / "tree" / folder / "movedwares" / "__init__.py")
        monkeypatch.syspath_prepend(here / "tree" / folder)
        assert roots(Code(here / "checkout", importable(["movedwares/__init__.py"]), working_tree=here / "tree")) == []


# Whose code it is


def test_a_sides_own_files_are_its_own(here):
    modules = {"wares": here / "checkout/python/wares/__init__.py", "conftest": here / "checkout/conftest.py"}
    assert list(strangers({name: str(file) for name, file in modules.items()}, own(here))) == []


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("wares", "python/wares/__init__.py"),
        ("acme.parts", "lib/acme/parts.py"),
        ("newer", "python/newer.py"),
        ("conftest", "conftest.py"),
        ("test_speed", "bench/test_speed.py"),
        ("_fast", "build/_fast.cpython-311-x86_64-linux-gnu.so"),
    ],
)
def test_whatever_of_the_working_tree_a_revision_runs_is_a_strangers(name, file, here):
    modules = {"os": "/usr/lib/python3.11/os.py", name: write(here / "tree" / file)}
    assert list(strangers(modules, own(here))) == [name]


@pytest.mark.parametrize("where", ["elsewhere", "tree/.venv", "checkout/.venv"])
def test_what_a_distribution_of_the_project_installed_is_no_sides_own(where, here):
    site = here / where / "lib" / "site-packages"
    files = {
        "wares": "wares/__init__.py",
        "acme.parts": "acme/parts.py",
        "_fast": "_fast.cpython-311-x86_64-linux-gnu.so",
        "__editable___wares_finder": "__editable___wares_finder.py",
    }
    distributed(site, "the_wares", *files.values())
    modules = {name: str(site / file) for name, file in files.items()}
    assert list(strangers(modules, own(here))) == ["wares", "acme.parts", "_fast"]


def test_other_projects_may_be_installed_under_a_name_that_the_tree_has_too(here):
    site = here / "elsewhere" / "site-packages"
    distributed(site, "other", "wares/__init__.py", "conftest.py")
    modules = {"wares": str(site / "wares/__init__.py"), "conftest": str(site / "conftest.py")}
    assert list(strangers(modules, own(here))) == []


def test_a_package_that_is_linked_into_an_environment_is_the_working_trees(here):
    site = here / "elsewhere" / "site-packages"
    site.mkdir(parents=True)
    (site / "wares").symlink_to(here / "tree/python/wares")
    assert list(strangers({"wares": str(site / "wares/__init__.py")}, own(here))) == ["wares"]


def test_another_clone_of_the_project_is_nobodys_own(here):
    modules = {
        "wares": write(here / "clone/python/wares/__init__.py"),
        "acme.parts": write(here / "clone/lib/acme/parts.py"),
    }
    assert list(strangers(modules, own(here))) == ["wares", "acme.parts"]
    assert list(strangers(modules, Code(here / "checkout", importable(OWN)))) == ["wares", "acme.parts"]


def test_what_only_bears_a_name_like_one_of_a_sides_modules_is_not_of_its_project(here):
    modules = {"parts": write(here / "shared/parts.py"), "conftest": write(here / "bench/conftest.py")}
    assert list(strangers(modules, own(here))) == []


def test_another_repository_in_the_working_tree_is_not_of_its_project(here):
    other = here / "tree" / "paceline"
    file = write(other / "src/paceline/__init__.py")
    subprocess.run(["git", "init", "--quiet", other], check=True)
    assert list(strangers({"paceline": file}, own(here))) == []
