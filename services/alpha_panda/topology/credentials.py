"""Credentials that nobody has to store: each is derived from the master secret, so a plan stays pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

from alpha_panda.errors import InputError

SHORTEST_MASTER_SECRET: Final = 32
"""Bytes: as many as the hash has."""


def derive(master_secret: bytes, principal: str, generation: int) -> str:
    """The password of a principal: HMAC-SHA256 in URL-safe base64, 43 characters, 256 bits.

    A higher generation gives another password, so that all can be changed without a new master secret.

    Raises:
        InputError: the master secret is shorter than 32 bytes, or the generation below 1.
    """
    if len(master_secret) < SHORTEST_MASTER_SECRET:
        raise InputError(
            f"the master secret has {len(master_secret)} bytes; allowed: {SHORTEST_MASTER_SECRET} or more",
            remedy="make one with: openssl rand -base64 48",
        )
    if generation < 1:
        raise InputError(f"secret generation {generation} is not allowed; allowed: 1 or more")
    subject = f"alpha-panda\0{generation}\0{principal}".encode()
    digest = hmac.new(master_secret, subject, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def session_key(master_secret: bytes, broker: str, generation: int) -> str:
    """What a Broker's login at its exchange is sealed with: 32 bytes in URL-safe base64, as `derive` makes them."""
    return f"{derive(master_secret, f'{broker} session', generation)}="
