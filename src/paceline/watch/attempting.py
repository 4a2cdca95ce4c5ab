"""From what was typed to an exit status, around whatever is done with the round in between."""

from argparse import Namespace
from collections.abc import Callable

from paceline.server.process import ServerError
from paceline.watch.following import WatchError
from paceline.watch.messages import Ended
from paceline.watch.wish import MisuseError, Wish, wish
from paceline.workloads.call import NoSuchFunctionError

FAILED = 1
MISUSE = 2


def complain_of_end(wished: Wish, ended: Ended, complain: Callable[[object], None]) -> None:
    """Say it where the workers did not end well."""
    if ended.trouble:
        complain(f"{wished.strategy.name} did not end in good order after the round: {ended.trouble}")


def attempt(arguments: Namespace, complain: Callable[[object], None], act: Callable[[Wish], int]) -> int:
    """Make sense of what was typed and act on it; what goes wrong becomes a sentence.

    Returns:
        The exit status: what `act` gives, 1 if the strategy can't be run here or fails, 2 for a misuse.
    """
    try:
        wished = wish(arguments)
        if why := wished.strategy.unavailable():
            complain(f"{wished.strategy.name} can't run here: {why}")
            return FAILED
        return act(wished)
    except (MisuseError, NoSuchFunctionError) as error:
        complain(error)
        return MISUSE
    except WatchError as error:
        complain(error if error.misuse else f"{arguments.workload} with {arguments.strategy} failed: {error}")
        return MISUSE if error.misuse else FAILED
    except ServerError as error:
        complain(error)
        return FAILED
