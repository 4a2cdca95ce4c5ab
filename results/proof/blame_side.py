"""One side of the trial in a process of its own: a benchmark's function, timed, profiled, or asked for its results.

It runs on a library's checkout, which PYTHONPATH names, with a copy of Paceline's profiling plugin beside it.
"""

import gc
import itertools
import json
import os
import sys
import time

SHARES = 25  # of a side's time: the quickest counts, as a busy machine only ever adds to it


def urls():
    """Read, ask and change URLs, each a new one: the library remembers what it has seen."""
    from yarl import URL

    def call(number):
        url = URL(f"http://us%20er:pass@www{number}.example.com:8080/a/b%2F{number}/../c d?x=1&y={number}&z=%C3%A9#top")
        asked = (url.host, url.port, url.user, url.path, url.query_string, url.fragment, url.name, url.parent)
        other = url.with_query({"q": f"v {number}", "w": number}).with_path(f"/p q/{number}").with_fragment("f")
        joined = url.join(URL(f"../e/f?{number}")) / f"g{number}" / "h"
        return str(other), str(joined), url.human_repr(), str(url.with_host("b.org").with_port(81)), str(asked)

    return call


def queries():
    """Read and change queries, and build URLs from their parts."""
    from yarl import URL

    def call(number):
        url = URL.build(scheme="https", host=f"h{number}.org", path=f"/x/{number}", query={"a": "b c", "d": number})
        more = url.update_query({"a": number, "e": "f&g"}).extend_query(h=1.5, i=[1, 2]).without_query_params("d")
        found = dict(more.query)
        near = more.joinpath("k", f"l{number}").with_suffix(".txt").with_name(f"m{number}.gz")
        order = sorted([url, more, near])
        return (
            str(more),
            found,
            str(near.origin()),
            str(near.relative()),
            near.parts,
            near.suffixes,
            order == [],
            url == more,
        )

    return call


def headers():
    """Fill, ask, change and compare dictionaries with several values for a key."""
    from multidict import CIMultiDict

    pairs = [(f"Name-{number % 7}", str(number)) for number in range(24)]

    def call(number):
        made = CIMultiDict(pairs)
        made.add("Extra", str(number))
        made.extend([("name-1", "x"), ("Other", "y")])
        found = made.getall("NAME-3"), made.getone("extra"), made.get("none"), "Other" in made, len(made)
        made["name-2"] = "z"
        made.update({"Other": "w", "Third": "v"})
        gone = made.popall("name-4"), made.pop("Extra"), made.setdefault("Fourth", "u")
        copied = made.copy()
        del made["name-5"]
        same = copied == made, copied.keys() == made.keys(), ("Other", "w") in made.items(), "w" in made.values()
        return found, gone, same, list(made.items()), list(copied.keys()), sorted(made.keys() & {"other", "third"})

    return call


def formulas():
    """Read, work out and write sums."""
    from sums import report

    names = {"x": 3.0, "rate": 0.25}

    def call(number):
        return report(f"({number} + x * 2.5) * (rate - {number % 17} / 4) + 2 ^ (x - 1) * (y + 12)", names)

    return call


def carts():
    """Write a cart's receipt."""
    from cart import receipt

    def call(number):
        return receipt(
            f"{1 + number % 12} apple; 2 bread; 1 cheese; {number % 5 + 1} tea; 3 soap; 1 lamp; 4 bread; 2 tea"
        )

    return call


BENCHMARKS = {"yarl": [urls, queries], "multidict": [headers], "sums": [formulas], "cart": [carts]}


def main():
    """Read what to do from standard input, and write what came of it."""
    wanted = json.loads(sys.stdin.read())
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    benchmark = next(each for each in BENCHMARKS[wanted["library"]] if each.__name__ == wanted["benchmark"])
    call, calls = benchmark(), wanted["calls"]
    for number in range(20):
        call(-number)
    sys.stdout.write(json.dumps(globals()[wanted["what"]](call, calls)))


def results(call, calls):
    """Return what the function returns, as text."""
    return [repr(call(number)) for number in range(calls)]


def timed(call, calls):
    """Return the seconds of one call: of the quickest of many shares."""
    gc.disable()
    numbers = itertools.count()
    found = []
    for _ in range(SHARES):
        begun = time.perf_counter()
        for number in itertools.islice(numbers, calls):
            call(number)
        found.append((time.perf_counter() - begun) / calls)
    return min(found)


def profile(call, calls):
    """Return the rows of a profile: several short runs, each on numbers of its own."""
    from paceline_profiling import profiled

    numbers = itertools.count()

    def run():
        for number in itertools.islice(numbers, calls):
            call(number)

    return profiled(run)


if __name__ == "__main__":
    main()
