"""What the sides of a comparison differ in beside the code that is compared, and how it is said or refused."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from paceline.ab.differences import (
    compiled_apart,
    different_builds,
    different_dependencies,
    origin,
    same_code,
    stale,
)
from paceline.ab.git import SideError
from paceline.ab.origins import Code, importable
from paceline.ab.sides import Side, parse

FAST = "_fast.cpython-311-x86_64-linux-gnu.so"
PYTHON = Path("/usr/bin/python3.11")


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


@pytest.fixture
def sides(tmp_path):
    """A revision and the working tree, each with a package and, so far, nothing compiled."""
    made = {}
    for word, typed in (("baseline", "rev:main"), ("candidate", ".")):
        top = tmp_path / word
        for file in ("wares/__init__.py", "wares/core.py", "tests/test_speed.py"):
            write(top / "src" / file)
        code = Code(top, importable(["src/wares/__init__.py"]), working_tree=tmp_path / "candidate")
        made[word] = Side(word, parse(typed), top, PYTHON, commit="c0ffee", code=code)
    return made


def loaded(side, **more):
    """The modules that a side has loaded; `more` gives the file of a module of its package."""
    files = {"wares": "wares/__init__.py", "wares.core": "wares/core.py", "test_speed": "tests/test_speed.py"}
    files |= {f"wares.{name}": f"wares/{file}" for name, file in more.items()}
    return {"os": "/usr/lib/os.py", **{name: str(side.code.top / "src" / file) for name, file in files.items()}}


# Where the code came from


def test_it_says_which_code_a_side_ran_and_leaves_out_what_pytest_finds(sides):
    for word, place in (("baseline", "revision main"), ("candidate", "the working tree")):
        assert origin(sides[word], loaded(sides[word])) == f"The {word} ran 2 modules from src/wares of {place}."


def test_every_package_and_lone_module_is_a_place_of_its_own(sides):
    side = sides["candidate"]
    more = {"tools": "tools.py", "acme.parts.deep": "lib/acme/parts/deep.py", "wares.more": "src/wares/more.py"}
    modules = loaded(side) | {name: write(side.code.top / file) for name, file in more.items()}
    assert "3 modules from src/wares, 1 module from tools.py, 1 module from lib/acme of" in origin(side, modules)


def test_a_side_that_ran_nothing_but_tests_says_so(sides):
    modules = {"test_speed": str(sides["baseline"].code.top / "tests/test_speed.py")}
    assert (
        origin(sides["baseline"], modules)
        == "The baseline ran no module of the project, but its tests, of revision main."
    )


# The same code on both sides


def test_the_same_commit_without_a_changed_file_is_the_same_code(sides):
    assert "whatever differs is chance" in same_code(*sides.values())
    assert "whatever differs is chance" in same_code(sides["candidate"], sides["candidate"])


@pytest.mark.parametrize(
    "facts", [{"dirty": True}, {"commit": "badcafe"}, {"spec": parse(". X=1")}, {"python": Path("/other")}]
)
def test_another_file_commit_variable_or_python_is_a_difference(facts, sides):
    assert same_code(sides["baseline"], replace(sides["candidate"], **facts)) == ""


# What is compiled on one side only


def apart(sides, baseline, candidate):
    return compiled_apart(
        sides, {"baseline": loaded(sides["baseline"], **baseline), "candidate": loaded(sides["candidate"], **candidate)}
    )


@pytest.mark.parametrize("fallback", [{}, {"_fast": "_fast.py"}, {"_slow": "_slow.py"}])
def test_an_extension_that_only_the_working_tree_has_is_refused_whatever_the_revision_falls_back_on(fallback, sides):
    with pytest.raises(
        SideError, match=f"only the candidate .* wares._fast from src/wares/{FAST}, .*: --install builds"
    ):
        apart(sides, fallback, {"_fast": FAST})


def test_one_that_only_an_installed_revision_has_is_refused_with_how_to_build_the_working_trees(sides):
    with pytest.raises(SideError, match=rf"only the baseline .*: {PYTHON} -m pip install -e \. builds"):
        apart(sides, {"_fast": FAST}, {})


def test_one_that_another_python_can_t_load_is_refused(sides):
    both = {
        "baseline": replace(sides["candidate"], word="baseline"),
        "candidate": replace(sides["candidate"], python=Path("/other")),
    }
    write(both["candidate"].code.top / "src/wares" / FAST)
    with pytest.raises(SideError, match="only the baseline .*: /other -m pip"):
        apart(both, {"_fast": FAST}, {})


def test_one_that_a_side_has_and_does_not_load_is_named(sides):
    write(sides["baseline"].code.top / "src/wares" / FAST)
    assert apart(sides, {}, {"_fast": FAST}).startswith(
        "Only the candidate ran this as compiled code: wares._fast from"
    )


def test_one_that_a_revision_lacks_though_it_was_built_is_named(sides):
    built = {**sides, "baseline": replace(sides["baseline"], installed=True)}
    assert apart(built, {}, {"_fast": FAST}).startswith(
        "Only the candidate ran this as compiled code: wares._fast from"
    )


def test_what_both_have_or_others_have_is_no_difference(sides):
    assert apart(sides, {"_fast": FAST}, {"_fast": FAST}) == ""
    modules = {word: loaded(side) for word, side in sides.items()}
    modules["candidate"]["numpy.core"] = "/usr/lib/site-packages/numpy/core.so"
    assert compiled_apart(sides, modules) == ""


@pytest.mark.parametrize(("edited", "older"), [(10, True), (-10, False)])
def test_compiled_code_that_is_older_than_its_source_is_named(edited, older, sides):
    side = sides["candidate"]
    for file in (FAST, "_fast.pyx", "_fast.html"):
        write(side.code.top / "src/wares" / file)
    os.utime(side.code.top / "src/wares/_fast.pyx", (time.time() + edited,) * 2)
    assert ("wares._fast than _fast.pyx: build it again" in stale(side, loaded(side, _fast=FAST))) is older


# What they ask for


def write_both(sides, file, before, after):
    for side, text in zip(sides.values(), (before, after), strict=True):
        if text is not None:
            write(side.code.top / file, text)


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("pyproject.toml", "[project]\ndependencies=['a>=1', 'b']", "[project]\ndependencies=['b', 'a>=2']",
         "pyproject.toml (baseline a>=1; candidate a>=2)"),
        ("pyproject.toml", "[project]\nrequires-python='>=3.8'", "[project]\nrequires-python='>=3.9'",
         "pyproject.toml (baseline python>=3.8; candidate python>=3.9)"),
        ("pyproject.toml", "", "[dependency-groups]\ntest=['a']\n[tool.poetry.dependencies]\nb='^1'",
         "pyproject.toml (candidate a, b ^1)"),
        ("pyproject.toml", "{{ template }}\n", "{{ another }}\n", "dependencies, pyproject.toml, and"),
        ("setup.cfg", "[options]\ninstall_requires =\n  a>=1\n  b",
         "[options]\ninstall_requires =\n  b\npython_requires = >=3.9\n[options.extras_require]\nx = c",
         "setup.cfg (baseline a>=1; candidate c, python>=3.9)"),
        ("requirements-test.txt", "# old\na==1", "a==2 # new", "requirements-test.txt (baseline a==1; candidate a==2)"),
        ("uv.lock", "a\n", "b\n", "dependencies, uv.lock, and"),
        ("requirements.lock", "a\n", None, "dependencies, requirements.lock, and"),
    ],
)  # fmt: skip
def test_dependencies_that_differ_are_named_with_the_way_to_have_both(file, before, after, said, sides):
    write_both(sides, file, before, after)
    sentence = different_dependencies(*sides.values())
    assert sentence.startswith("The sides ask for different dependencies, ")
    assert sentence.endswith(": --install gives each revision an environment of its own.")
    assert said in sentence


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        (
            "pyproject.toml",
            "[project]\nversion='1'\ndependencies=['a']",
            "[project]\nversion='2'\ndependencies=['a']\n[tool.x]",
        ),
        ("setup.cfg", "[options]\ninstall_requires = a", "[flake8]\nx = 1\n[options]\ninstall_requires =\n  a"),
        ("requirements.txt", "a\nb", "# why\nb\n\na"),
        ("docs/requirements.txt", "a", "b"),
        ("requirements/lint.txt", "a", "b"),
        ("pyproject.toml", "[tool.ruff]", None),
    ],
)
def test_what_asks_for_the_same_or_for_something_else_is_not_named(file, before, after, sides):
    write_both(sides, file, before, after)
    assert different_dependencies(*sides.values()) == ""


def test_a_project_below_the_top_has_files_of_its_own(sides):
    below = {word: replace(side, folder=side.code.top / "packages" / "x") for word, side in sides.items()}
    for side, text in zip(below.values(), ("a==1", "a==2"), strict=True):
        write(side.folder / "requirements.txt", text)
    assert "packages/x/requirements.txt (baseline a==1; candidate a==2)" in different_dependencies(*below.values())


def test_a_revision_with_an_environment_of_its_own_has_what_it_asks_for(sides):
    write(sides["baseline"].code.top / "requirements.txt", "a")
    assert different_dependencies(replace(sides["baseline"], installed=True), sides["candidate"]) == ""


# How the Pythons were built


def built(*, pgo=True, jit="off", gil="on", **facts):
    known = {"python_compiler": "GCC 12.2.0", "free_threaded": False, **facts}
    return {**known, "build": {"pgo": pgo, "lto": False, "jit": jit}, "gil": gil}


def test_pythons_that_were_built_or_started_differently_are_told_with_both():
    assert different_builds({"baseline": built(), "candidate": built(pgo=False, jit="on")}) == (
        "The sides' Pythons were built or started in different ways: baseline GCC 12.2.0, PGO, no LTO, JIT off; "
        "candidate GCC 12.2.0, no PGO, no LTO, JIT on."
    )
    switched = {"baseline": built(free_threaded=True, gil="off"), "candidate": built(free_threaded=True)}
    assert different_builds(switched).endswith("GIL off; candidate GCC 12.2.0, PGO, no LTO, JIT off, GIL on.")


def test_nothing_is_said_of_builds_that_are_alike():
    assert different_builds({"baseline": built(), "candidate": built()}) == ""
