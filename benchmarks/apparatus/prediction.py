"""What `paceline predict` knows, for experiments that hold it against something else."""

from pathlib import Path

from paceline import history, machine
from paceline.commands.predict import MEASURE, has_all
from paceline.predict.groups import Setting, by_group, fitted
from paceline.predict.measured import Work, measured

RESULTS = Path(__file__).parents[2] / "results"


def known(strategy, client):
    """Fit the cells of the newest fitting run.

    Returns:
        The run, its cells of this strategy and client, and the fit.
    """
    run = history.newest(RESULTS, machine.fingerprint(), has_all, measure=MEASURE)
    groups = by_group(measured(run))
    group = (strategy, client)
    return run, groups.get(group, []), fitted(group, groups, Setting.of(run))


def predicted(strategy, client, workers, items, size):
    """Predict a round of downloads that are answered at once.

    Returns:
        predicted_seconds; low_seconds and high_seconds: the ends of its interval. run: the number of the run.
    """
    run, _, fit = known(strategy, client)
    work = Work(items=items, workers=workers, size=size)
    seconds, factor = fit.seconds(work), fit.factor(work)
    return {
        "predicted_seconds": seconds,
        "low_seconds": seconds / factor,
        "high_seconds": seconds * factor,
        "run": str(run.number),
    }
