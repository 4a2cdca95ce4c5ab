"""
Say which strategies this Python could not run, and why: what the tests then skipped.
"""

from paceline.strategies import STRATEGIES

if __name__ == "__main__":
    for strategy in STRATEGIES:
        if why := strategy.unavailable():
            print(f"not tested: {strategy.name} ({why})")  # noqa: T201 - it is all this script is for
