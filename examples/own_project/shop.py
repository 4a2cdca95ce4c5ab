"""What this project does all day; it knows nothing of Paceline."""

import asyncio
import hashlib


def receipt(order):
    """Sign an order: CPU work in C, which releases the GIL."""
    return hashlib.pbkdf2_hmac("sha256", b"secret", str(order).encode(), iterations=5_000).hex()


async def delivery(order):
    """Ask when an order arrives; the sleep stands for the courier's server."""
    await asyncio.sleep(0.005)
    return f"order {order}: day {order % 5 + 1}"
