"""The other end of `measuring.bystander`: a bystander in a process of its own."""

from paceline.child.inside import ends
from paceline.workers.bystander import TICK, Bystander


def main() -> None:
    """Tick until a word comes, or until whoever asked is gone; answer the first tick, and the word with all ticks."""
    requests, answers = ends()
    bystander = Bystander()
    bystander.tick()
    answers.send(None)
    while not requests.poll(TICK):
        bystander.tick()
    answers.send(bystander.finish())
