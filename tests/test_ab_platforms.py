"""What `paceline ab` says on a system on which it can't work."""

import platform

from paceline import cli


def test_windows_is_refused_in_one_sentence_with_where_to_go(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    assert cli.main(["ab", "--baseline", "rev:main", "--results", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("paceline: paceline ab can't compare on Windows")
    assert (said.out, said.err.count("\n"), list(tmp_path.iterdir())) == ("", 1, [])
