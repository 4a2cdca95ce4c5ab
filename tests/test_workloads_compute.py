"""The kernels compute what they say."""

import asyncio
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.workloads import Compute
from paceline.workloads.compute import squares


@given(st.integers(0, 5000))
def test_squares_agree_with_the_closed_form(n):
    assert squares(n) == (n - 1) * n * (2 * n - 1) // 6


def test_item_k_is_k_steps_longer():
    assert Compute("squares", 10).expected(3) == squares(13)


def test_hash_derives_a_key_from_the_number_of_steps():
    key = hashlib.pbkdf2_hmac("sha256", b"paceline", (41).to_bytes(8, "big"), 10)
    assert Compute("hash", 40).expected(1) == int.from_bytes(key, "big")


@pytest.mark.parametrize("kernel", ["squares", "hash"])
def test_both_faces_compute_the_same(kernel):
    work = Compute(kernel, 50)

    async def on_a_loop():
        async with work.async_worker(2) as run:
            return await run(5)

    with work.worker() as run:
        assert run(5) == asyncio.run(on_a_loop()) == work.expected(5)


def test_an_unknown_kernel_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="no kernel 'cubes'; there are: squares, hash"):
        Compute("cubes", 10)


def test_no_steps_are_refused():
    with pytest.raises(ValueError, match="n must be 1 or more steps, not 0"):
        Compute("squares", 0)
