"""The alarm: nobody is rung early, everybody is rung once."""

import asyncio
from time import monotonic

import pytest
import uvloop

from paceline.server import clock
from paceline.server.clock import MANY, Alarm, FileTimer, LoopTimer


class Sleeper:
    def __init__(self, due=0.0):
        self.due = due
        self.waiting = True
        self.rung_at = []

    def ring(self):
        self.rung_at.append(monotonic())


class DeadTimer:
    def set(self, due):
        self.due = due


def absent():
    raise AttributeError("this system has no timerfd")


@pytest.fixture(params=["timerfd", "loop"])
def timer_kind(request, monkeypatch):
    if request.param == "loop":
        monkeypatch.setattr(clock, "create", absent)
    return request.param


def ring_all(offsets):
    async def main():
        alarm = Alarm(asyncio.get_running_loop())
        start = monotonic()
        sleepers = [Sleeper(start + offset) for offset in offsets]
        for sleeper in sleepers:
            alarm.at(sleeper.due, sleeper)
        while not all(sleeper.rung_at for sleeper in sleepers):  # noqa: ASYNC110  # an event would be one more sleeper
            await asyncio.sleep(0.005)
        alarm.timer.close()
        return sleepers, alarm

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


def test_nobody_is_rung_early_and_everybody_once(timer_kind):
    sleepers, alarm = ring_all([0.0137, 0.0004, 0.03, 0.0004, 0.0211, -1.0, 0.0054])
    assert isinstance(alarm.timer, FileTimer if timer_kind == "timerfd" else LoopTimer)
    assert all(len(sleeper.rung_at) == 1 and sleeper.rung_at[0] >= sleeper.due for sleeper in sleepers)
    order = sorted(sleepers, key=lambda sleeper: sleeper.rung_at)
    assert [sleeper.due for sleeper in order] == sorted(sleeper.due for sleeper in sleepers)


@pytest.fixture
def alarm(monkeypatch):
    monkeypatch.setattr("paceline.server.clock.timer", lambda *_: DeadTimer())
    return Alarm(None)


def test_the_timer_is_set_to_the_earliest_due_time(alarm):
    for due in (9e9, 8e9, 8.5e9):
        alarm.at(due, Sleeper())
    assert alarm.timer.due == 8e9


def test_waking_before_the_time_rings_nobody(alarm):
    sleeper = Sleeper()
    alarm.at(monotonic() + 1000, sleeper)
    alarm.wake()
    assert not sleeper.rung_at
    assert alarm.timer.due == alarm.heap[0][0]


def test_the_timer_sleeps_when_nobody_waits(alarm):
    sleeper = Sleeper()
    alarm.at(monotonic() - 1, sleeper)
    alarm.wake()
    assert len(sleeper.rung_at) == 1
    assert alarm.timer.due is None


def test_sleepers_that_gave_up_are_swept_out(alarm):
    patient = Sleeper()
    alarm.at(9e9, patient)
    for _ in range(50 * MANY):
        sleeper = Sleeper()
        alarm.at(8e9, sleeper)
        sleeper.waiting = False
        alarm.forget(1)
    assert len(alarm.heap) <= 3 * MANY
    assert any(entry[2] is patient for entry in alarm.heap)
