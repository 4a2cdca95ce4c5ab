"""`paceline init`: what it writes for which project, and that it never overwrites."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from processes import limited

from paceline import cli
from paceline.commands import init

EXAMPLE = Path(__file__).parents[1] / "examples" / "own_project"
GUARD = ".github/workflows/guard.yml"
BENCHMARK = "def test_price(benchmark): benchmark(sum, [1])\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """`project(files)`: a repository with these files, and the branch `main`, in which commands are typed."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main"], check=True)

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


@pytest.fixture
def guard(project):
    """`guard(files)`: the workflow that is written for a project with these files and one benchmark."""

    def write(files):
        folder = project({"tests/test_speed.py": BENCHMARK, **files})
        assert cli.main(["init"]) == 0
        return (folder / GUARD).read_text()

    return write


def installed(workflow):
    """What pip is asked to install, behind Paceline."""
    return re.findall(r'^ +python -m pip install "\$PACELINE" ?(.*)$', workflow, re.MULTILINE)


def compared(workflow):
    """What stands between `paceline ab` and the pipe, in one line."""
    return re.findall(r"^ +paceline ab (.+?) \\$", workflow, re.MULTILINE)


def test_the_example_is_guarded_by_what_init_writes(project, capsys):
    folder = project({})
    ours = shutil.ignore_patterns(".github", "results", "__pycache__")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True, ignore=ours)
    assert cli.main(["init"]) == 0
    assert (folder / GUARD).read_text() == (EXAMPLE / GUARD).read_text()
    assert capsys.readouterr().out == (
        f"wrote {GUARD}\n\nnext:\n"
        '1. fill in what guard.yml calls "Not known", in 3 places\n'
        "2. let .gitignore name results/, where comparisons are saved\n"
        "3. commit it; then try it here: paceline ab --baseline rev:HEAD -- test_shop.py\n"
    )


def test_a_file_that_can_not_be_finished_is_one_line_with_its_name_and_leaves_nothing(project):
    folder = project({"tests/test_speed.py": BENCHMARK})
    command = f"{limited(99)} from paceline.cli import main; sys.exit(main(['init']))"
    ended = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, cwd=folder, check=False)
    assert ended.returncode == 1
    assert ended.stderr == f"paceline: {folder / GUARD}: File too large\n"
    assert list((folder / GUARD).parent.iterdir()) == []


def test_a_project_without_a_benchmark_gets_one_that_passes(pytester, project, capsys):
    folder = project({"setup.py": "", "tests/test_price.py": "def test_price(): pass\n"})
    assert cli.main(["init"]) == 0
    assert capsys.readouterr().out == (
        f"wrote {GUARD}\nwrote benchmarks/test_speed.py\n\nnext:\n"
        '1. fill in what guard.yml calls "Not known", in 3 places\n'
        "2. let benchmarks/test_speed.py call what your users wait for\n"
        "3. bring it to main first: a pull request with the first benchmarks has nothing to be compared with, "
        "and fails\n"
        "4. let .gitignore name results/, where comparisons are saved\n"
        "5. commit it; then try it here: paceline ab --baseline rev:HEAD -- benchmarks/test_speed.py\n"
    )
    assert compared((folder / GUARD).read_text())[0].endswith(" -- benchmarks/test_speed.py")
    pytester.runpytest_subprocess("--benchmark-disable", folder / init.EXAMPLE).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "source",
    [
        BENCHMARK,
        "class TestPrice:\n    def test_it(self, codspeed_benchmark): pass\n",
        "async def test_it(*, benchmark): pass\n",
        "import pytest\n@pytest.mark.benchmark\ndef test_it(): pass\n",
        "import pytest\npytestmark = pytest.mark.codspeed_benchmark(group='a')\n",
        "def test_it(measure, strategy): pass\n",
    ],
)
def test_a_test_that_measures_is_found_by_its_fixture_or_its_mark(source, project):
    folder = project({"tests/deep/it_test.py": source})
    assert cli.main(["init"]) == 0
    assert compared((folder / GUARD).read_text())[0].endswith(" -- tests/deep/it_test.py")
    assert not (folder / init.EXAMPLE).exists()


def test_no_benchmark_is_found_in_what_git_ignores_pytest_passes_over_or_python_cannot_read(project):
    folder = project(
        {
            ".gitignore": "/env/\n",
            "env/test_theirs.py": BENCHMARK,
            "speed.py": BENCHMARK,
            "tests/test_old.py": f"print 'old'\n{BENCHMARK}",
        }
    )
    assert cli.main(["init"]) == 0
    assert (folder / init.EXAMPLE).exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"pyproject.toml": '[tool.pytest.ini_options]\npython_files = ["bench_*.py"]\n'},
        {"pyproject.toml": '[tool.pytest]\npython_files = ["bench_*.py"]\n'},
        {"pytest.ini": "[pytest]\npython_files = bench_*.py\n"},
        {"tox.ini": "[pytest]\npython_files = test_*.py\n  bench_*.py\n"},
        {"setup.cfg": "[tool:pytest]\npython_files = bench_*.py\n"},
    ],
    ids=lambda files: next(iter(files)),
)
def test_files_of_tests_are_what_pytests_settings_call_so(settings, project):
    folder = project({"bench_it.py": BENCHMARK, **settings})
    assert cli.main(["init"]) == 0
    assert compared((folder / GUARD).read_text())[0].endswith(" -- bench_it.py")


def test_many_files_are_named_by_their_folders(guard):
    more = {f"{folder}/test_{number}.py": BENCHMARK for folder in ("tests", "bench") for number in range(3)}
    assert compared(guard(more))[0].endswith(" -- bench tests")


def test_where_the_settings_choose_the_cells_none_are_named(project, capsys):
    folder = project({"pyproject.toml": '[tool.pytest.ini_options]\npaceline_ab = ["-m", "slow"]\n'})
    assert cli.main(["init"]) == 0
    assert compared((folder / GUARD).read_text()) == ['--baseline rev:HEAD^1 --markdown --results "$RUNNER_TEMP/guard"']
    assert not (folder / init.EXAMPLE).exists()
    assert capsys.readouterr().out.endswith("paceline ab --baseline rev:HEAD\n")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, ""),
        ({"setup.py": ""}, "--editable ."),
        ({"pyproject.toml": "[project]\nname = 'a'\n"}, "--editable ."),
        ({"pyproject.toml": "[project]\nname = 'a'\n[tool.uv]\npackage = false\n"}, ""),
        (
            {
                "pyproject.toml": "[project]\nname = 'a'\n"
                "optional-dependencies = {doc = ['sphinx'], test = ['pytest>8']}\n"
            },
            '--editable ".[test]"',
        ),
        (
            {
                "pyproject.toml": "[project]\nname = 'a'\n[dependency-groups]\ntest = ['pytest']\n"
                "dev = [{include-group = 'speed'}, 'ruff']\nspeed = ['pytest-codspeed', {include-group = 'test'}]\n"
            },
            "--editable . --group dev",
        ),
        ({"setup.cfg": "[metadata]\nname = a\n[options.extras_require]\ntests =\n  pytest\n"}, '--editable ".[tests]"'),
        (
            {"setup.py": "", "requirements/dev.txt": "-r bench.txt\n", "requirements/bench.txt": "pytest-benchmark\n"},
            "--editable . --requirement requirements/bench.txt",
        ),
        ({"requirements.txt": "-r requirements.txt\npytest\n"}, "--requirement requirements.txt"),
    ],
)
def test_what_is_installed_is_the_project_and_what_names_pytest(files, words, guard):
    assert installed(guard(files)) == [words]


def test_groups_are_installed_by_a_pip_that_knows_them(guard):
    text = guard({"pyproject.toml": "[dependency-groups]\nbench = ['pytest-benchmark']\n"})
    assert text.index('pip install "pip>=25.1"') < text.index('pip install "$PACELINE" --group bench')


@pytest.mark.parametrize(
    ("requires", "python"),
    [(">=3.9", "3.14"), (">=3.10,<3.13", "3.12"), ("~=3.11.2", "3.11"), (">=3.14.1", "3.14"), ("==3.12.*", "3.12")],
)
def test_the_python_is_the_newest_that_the_project_allows(requires, python, guard):
    text = guard({"pyproject.toml": f"[project]\nname = 'a'\nrequires-python = '{requires}'\n"})
    assert f'python-version: "{python}"\n' in text


def test_setup_cfg_may_say_which_python(guard):
    assert 'python-version: "3.11"\n' in guard({"setup.cfg": "[options]\npython_requires = >=3.8, <3.12\n"})


def test_modules_that_are_built_are_built_for_the_base_too(guard):
    text = guard({"fast/_quick.pyx": "", "setup.py": ""})
    assert compared(text)[0].startswith("--baseline rev:HEAD^1 --install --markdown")
    assert "# Not known: whether the benchmarks need more there." in text


def test_the_base_too_gets_what_a_file_of_requirements_names(guard):
    text = guard({"fast/_quick.pyx": "", "setup.py": "", "requirements/test.txt": "pytest\n"})
    assert '        env:\n          PIP_REQUIREMENT: "requirements/test.txt" # what its benchmarks need\n' in text
    assert "whether the benchmarks need more there" not in text


def test_where_the_base_has_an_environment_of_its_own_no_plugins_are_asked_for_in_it(guard):
    text = guard({"fast/_quick.pyx": "", "setup.py": "", "pytest.ini": "[pytest]\naddopts = -p pytest_cov --cov\n"})
    assert compared(text)[0].endswith(" -- tests/test_speed.py -o addopts=")


def test_modules_of_tests_alone_are_none_of_the_project(guard):
    assert "--install" not in guard({"tests/native.c": ""})


def test_a_version_that_is_made_of_tags_gets_them(guard):
    text = guard({"pyproject.toml": "[build-system]\nrequires = ['hatchling', 'hatch-vcs']\n"})
    assert "fetch-depth: 0 # all" in text


def test_below_the_top_of_a_repository_the_workflow_goes_there_and_works_here(project, monkeypatch, capsys):
    folder = project({"packages/shop/tests/test_speed.py": BENCHMARK})
    monkeypatch.chdir(folder / "packages" / "shop")
    assert cli.main(["init"]) == 0
    text = (folder / GUARD).read_text()
    assert '    defaults:\n      run:\n        working-directory: "packages/shop"\n' in text
    assert compared(text)[0].endswith(" -- tests/test_speed.py")
    assert capsys.readouterr().out.startswith(f"wrote {folder / GUARD}\n")


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        (None, '"paceline=='),
        ({"url": "file:///home/me/paceline", "dir_info": {}}, "git+https://example.org/paceline.git # Not known"),
        (
            {"url": "https://example.com/p.git", "vcs_info": {"vcs": "git", "commit_id": "1a2b3c"}},
            '"git+https://example.com/p.git@1a2b3c" # where pip finds Paceline',
        ),
    ],
    ids=["index", "folder", "repository"],
)
def test_paceline_comes_from_where_it_was_installed_from_if_that_is_known(origin, line, guard, monkeypatch):
    said = json.dumps(origin) if origin else None
    monkeypatch.setattr(init.metadata, "distribution", lambda _: SimpleNamespace(read_text=lambda _: said))
    assert f"\nenv:\n  PACELINE: {line}" in guard({})


@pytest.mark.parametrize("name", [GUARD, "benchmarks/test_speed.py"])
def test_a_file_that_is_there_is_named_and_left_and_nothing_is_written(name, project, capsys):
    folder = project({"setup.py": "", name: "mine\n"})
    assert cli.main(["init"]) == 1
    assert capsys.readouterr() == (
        "",
        f"paceline: {name} is there already: nothing is written; move it away to have it made anew\n",
    )
    written = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts]
    assert [path.read_text() for path in sorted(written)] == sorted(["", "mine\n"], reverse=True)


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({}, "has no project: no pyproject.toml, setup.cfg or setup.py, and no tests; go to the folder of one"),
        ({"pyproject.toml": "[project\n"}, "pyproject.toml can't be read: "),
        ({"setup.cfg": "name = a\n"}, "setup.cfg can't be read: "),
        (
            {"pyproject.toml": "[project]\nname = 'a'\nrequires-python = '<3.11'\n"},
            "the project asks for Python <3.11, and Paceline is tested on 3.14, 3.13, 3.12, 3.11 only",
        ),
        ({"setup.py": "", ".github": "a file"}, ".github is no folder; move it away, or name another place"),
    ],
)
def test_what_stands_in_the_way_is_one_sentence(files, complaint, project, capsys):
    folder = project(files)
    assert cli.main(["init"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert complaint in said.err
    assert not (folder / GUARD).exists()


def test_without_a_repository_there_are_no_pull_requests(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "setup.py").write_text("")
    assert cli.main(["init"]) == 2
    assert "not a git repository" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == [tmp_path / "setup.py"]
