"""What runs say about what processes have and share, made up so that each claim is confirmed, refuted and left open."""

import pytest
from claimed import about, cells, run, verdicts

from paceline.claims import CLAIMS, Evidence
from paceline.claims.judging import command

BY_ID = {claim.id: claim for claim in CLAIMS}


def judged(claim, *measured, **machine):
    return BY_ID[claim].judge(Evidence([run(*measured, **machine)]))


def downloaded(strategy, sessions=10, connections=10, **more):
    ledger = {"connections": connections, "requests": 64}
    known = {"workers": 10, "items": 64, "client": "requests", "sessions": sessions, "ledger": ledger}
    return cells("downloads", "test_downloads", strategy, **{**known, **more})


def pool(workers, online=2, usable=2, affinity="all CPUs", quota=None, **more):
    figures = {"default_workers": workers, "cpus_online": online, "cpus_usable": usable, "cpus_quota": quota}
    return cells("pools", "test_default_size", "pool-fork", affinity=affinity, **{**figures, **more})


def on_one_cpu(workers):
    return pool(workers, usable=1, affinity="one CPU")


def initialized(replaced, most=1, calls=4, started=4, **more):
    figures = {"most_calls_in_one_process": most, "initializer_calls": calls, "workers_started": started}
    return cells("pools", "test_initializer", "pool-fork", replaced=replaced, **figures, **more)


def changed(strategy, seen, **more):
    return cells("talking", "test_ordinary_objects", strategy, workers=1, seen_by_parent=seen, **more)


def talked(construct, size, seconds, **figures):
    return cells("talking", "test_round_trips", construct, seconds, size=size, **figures)


def counted(strategy, lock, lost, counter="Value", seconds=1e-6, **more):
    figures = {"updates": 1000, "lost_updates": lost, "seconds_per_update": about(seconds, seed=lock)}
    lost_share = [each / 1000 for each in lost] if isinstance(lost, list) else lost / 1000
    figures["lost_share"] = lost_share
    return cells("locks", "test_counter", strategy, workers=4, lock=lock, counter=counter, **figures, **more)


def shared_session(failed=(30, 20, 25)):
    """Downloads by processes that were given one session, of which some failed, and by some with their own."""
    work = {"experiment": "sessions", "function": "test_sessions", "strategy": "pool-fork"}
    return [
        *cells(**work, opened="before the fork", failed_downloads=list(failed)),
        *cells(**work, opened="in each process", failed_downloads=0),
    ]


def test_as_many_sessions_and_connections_as_processes_are_one_each():
    finding = judged("own-session", downloaded("pool-fork"), downloaded("processes"), shared_session())
    assert finding.verdict == "confirmed"
    assert verdicts(finding) == ["confirmed"] * 5


def test_a_session_that_serves_all_processes_refutes_that_each_needs_its_own():
    finding = judged("own-session", downloaded("pool-fork"), downloaded("processes"), shared_session(failed=[9, 0, 3]))
    assert verdicts(finding) == [*["confirmed"] * 4, "refuted"]
    assert finding.verdict == "refuted"


def test_without_a_session_for_all_nothing_shows_that_each_needs_its_own():
    finding = judged("own-session", downloaded("pool-fork"), downloaded("processes"))
    assert verdicts(finding) == [*["confirmed"] * 4, "unknown"]
    assert finding.missing == (command("sessions"),)


@pytest.mark.parametrize("place", range(4))
def test_one_process_with_fewer_sessions_or_connections_refutes_that_each_has_its_own(place):
    strategies = ("pool-fork", "processes")
    fewer = {"sessions": [10, 9, 10]} if place % 2 == 0 else {"connections": 9}
    measured = [downloaded(each, **(fewer if each == strategies[place // 2] else {})) for each in strategies]
    finding = judged("own-session", *measured, shared_session())
    assert finding.parts[place].verdict == "refuted"
    assert verdicts(finding).count("confirmed") == 4
    assert finding.verdict == "refuted"


def test_sessions_that_nobody_counted_leave_the_claim_open():
    measured = [downloaded("pool-fork", sessions=None), downloaded("processes", ledger=None)]
    finding = judged("own-session", *measured, shared_session())
    assert verdicts(finding) == ["unknown", "confirmed", "confirmed", "unknown", "confirmed"]
    assert finding.missing == (command("downloads"),)


def test_a_pool_that_has_a_process_for_each_cpu_it_may_use_has_the_default_size_claimed():
    finding = judged("default-size", pool(2), on_one_cpu(1))
    assert finding.verdict == "confirmed"
    assert [warning.partition(":")[0] for warning in finding.warnings] == ["no quota"]


def test_a_pool_that_counts_cpus_it_may_not_use_refutes_the_claim():
    finding = judged("default-size", pool(2), on_one_cpu(2))
    assert verdicts(finding) == ["confirmed", "refuted"]
    assert finding.verdict == "refuted"


def test_a_pool_that_counts_something_else_refutes_the_claim():
    assert verdicts(judged("default-size", pool(4), on_one_cpu(1))) == ["refuted", "confirmed"]


def test_a_session_that_may_not_use_every_cpu_cannot_tell_what_a_pool_makes_of_all():
    finding = judged("default-size", pool(2, online=8, usable=2), on_one_cpu(1))
    assert verdicts(finding) == ["unknown", "confirmed"]
    assert "every CPU of the machine" in finding.missing[0]


@pytest.mark.parametrize(("workers", "verdict"), [(8, "refuted"), (2, "confirmed")])
def test_under_a_quota_a_pool_is_held_to_what_the_quota_pays_for(workers, verdict):
    finding = judged("default-size", pool(workers, online=8, usable=8, quota=2.5), on_one_cpu(1))
    assert finding.parts[2].verdict == verdict
    assert not finding.warnings


def test_two_processes_are_too_few_for_a_pools_size():
    finding = judged("default-size", pool(2, processes=2), on_one_cpu(1))
    assert verdicts(finding) == ["unknown", "confirmed"]
    assert "not 2" in finding.missing[0]


def test_an_initializer_that_runs_in_every_process_once_is_confirmed_where_workers_are_replaced_too():
    finding = judged("initializer-once", initialized("never"), initialized("after 5 items", calls=8, started=8))
    assert finding.verdict == "confirmed"
    assert verdicts(finding) == ["confirmed"] * 2


@pytest.mark.parametrize("wrong", [{"most": 2, "calls": 5}, {"calls": 3}], ids=["twice in one", "not at all in one"])
@pytest.mark.parametrize("place", [0, 1])
def test_an_initializer_that_runs_twice_or_not_at_all_refutes_the_claim(place, wrong):
    names = ("never", "after 5 items")
    finding = judged(
        "initializer-once", *(initialized(name, **(wrong if name == names[place] else {})) for name in names)
    )
    assert finding.parts[place].verdict == "refuted"
    assert finding.parts[1 - place].verdict == "confirmed"


def test_calls_counted_only_where_workers_stay_leave_the_claim_open():
    finding = judged("initializer-once", initialized("never"))
    assert verdicts(finding) == ["confirmed", "unknown"]
    assert finding.missing == (command("pools"),)


def test_processes_that_see_nothing_of_each_other_share_nothing():
    finding = judged("no-sharing", changed("global-list", 0), changed("shared-memory", 0))
    assert finding.verdict == "confirmed"


def test_a_block_that_the_parent_sees_changed_refutes_that_no_memory_is_shared():
    finding = judged("no-sharing", changed("global-list", 0), changed("shared-memory", 1))
    assert verdicts(finding) == ["confirmed", "refuted"]
    assert finding.verdict == "refuted"


def test_a_list_that_the_parent_sees_changed_refutes_that_objects_are_not_shared():
    finding = judged("no-sharing", changed("global-list", [0, 1, 0]), changed("shared-memory", 0))
    assert verdicts(finding) == ["refuted", "confirmed"]


def test_changes_that_nobody_looked_for_leave_the_claim_open():
    finding = judged("no-sharing", changed("global-list", 0))
    assert verdicts(finding) == ["confirmed", "unknown"]
    assert finding.missing == (command("talking"),)


def test_what_each_construct_carries_stands_beside_and_what_is_missing_is_named():
    large = 64 * 2**20
    measured = [
        talked("pipe", 0, 1e-4),
        talked("pipe", large, 0.2, bytes_per_second=about(2 * large / 0.2)),
        talked("value", 8, 1e-5, bytes_per_second=about(1.6e6)),
    ]
    finding = judged("no-sharing", *measured)
    told = {figure.what: figure.unit for figure in finding.evidence if figure.processes}
    assert told == {
        "pipe: round trip of 0 bytes": "s",
        "pipe: payload of 64 MiB, both ways": "bytes/s",
        "value: round trip of 8 bytes": "s",
    }
    assert "manager-queue" in finding.warnings[0]
    assert "pipe" not in finding.warnings[0]


def raced(lost=900, guarded=0, **more):
    return [
        counted("processes", "without lock", lost, **more),
        counted("processes", "with lock", guarded, seconds=5e-6, **more),
    ]


def test_updates_lost_only_without_a_lock_confirm_that_locks_are_needed():
    finding = judged("locks-needed", *raced(lost=[900, 700, 650]))
    assert finding.verdict == "confirmed"
    cost = next(figure for figure in finding.evidence if "with lock / without" in figure.what)
    assert cost.value == pytest.approx(5, rel=0.05)


def test_one_lost_update_shows_the_race():
    assert judged("locks-needed", *raced(lost=[0, 0, 1])).verdict == "confirmed"


def test_no_update_lost_without_a_lock_refutes_the_race():
    finding = judged("locks-needed", *raced(lost=0))
    assert verdicts(finding) == ["refuted", "confirmed"]


def test_one_update_lost_with_a_lock_refutes_the_lock():
    finding = judged("locks-needed", *raced(guarded=[0, 1, 0]))
    assert verdicts(finding) == ["confirmed", "refuted"]
    assert finding.verdict == "refuted"


def test_a_lock_around_each_access_alone_stands_beside():
    each = counted("processes", "each access locked", [500, 510, 520])
    finding = judged("locks-needed", *raced(), each)
    assert finding.parts[0].figures[1].what == "processes, each access locked: updates lost"


@pytest.mark.parametrize("lost", [0, 900])
def test_two_processes_are_too_few_for_a_race(lost):
    finding = judged("locks-needed", *raced(lost=lost, processes=2))
    assert verdicts(finding) == ["unknown", "unknown"]


def test_on_one_cpu_workers_that_take_turns_show_no_race_and_refute_none():
    assert verdicts(judged("locks-needed", *raced(lost=0), cpus=1)) == ["unknown", "confirmed"]


def test_threads_that_lose_nothing_are_told_as_luck_and_decide_nothing():
    threads = [
        counted("threads", "without lock", 0, counter="attribute"),
        counted("threads", "without lock", [10, 20, 30]),
    ]
    finding = judged("locks-needed", *raced(), *threads)
    assert finding.verdict == "confirmed"
    assert "threads without lock, Value: updates lost" in [figure.what for figure in finding.parts[0].figures]
    assert len(finding.warnings) == 1
    assert "attribute" in finding.warnings[0]
