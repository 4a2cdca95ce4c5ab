"""Random numbers that are a pure function of (seed, item): no state, no order, the same in every process."""

from math import cos, exp, log, pi, sqrt

WORD = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(value: int) -> int:
    """Scramble 64 bits so that neighbours come out unrelated.

    Source: the finaliser of SplitMix64, Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
    """
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & WORD
    return value ^ (value >> 31)


def uniform(seed: int, item: int, stream: int = 0) -> float:
    """Draw from [0, 1), evenly, in steps of 2**-53; another `stream` is another draw for the same item."""
    start = mix((seed + (stream + 1) * GOLDEN) & WORD)
    return (mix((start + item * GOLDEN) & WORD) >> 11) * 2.0**-53


def normal(seed: int, item: int) -> float:
    """Draw from the standard normal distribution.

    Source: Box and Muller, "A note on the generation of random normal deviates" (1958).
    """
    radius = sqrt(-2.0 * log(1.0 - uniform(seed, item, stream=0)))
    return radius * cos(2.0 * pi * uniform(seed, item, stream=1))


def uniform_factor(seed: int, item: int, spread: float) -> float:
    """Draw evenly from `1 - spread` to `1 + spread`: the mean is 1."""
    return 1.0 + spread * (2.0 * uniform(seed, item) - 1.0)


def lognormal_factor(seed: int, item: int, sigma: float) -> float:
    """Draw a factor whose logarithm is normal with standard deviation `sigma`, and whose mean is 1."""
    return exp(sigma * normal(seed, item) - sigma * sigma / 2.0)
