"""Codes of six digits from a person's telephone (TOTP): each is good for half a minute, and once."""

from __future__ import annotations

from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

import pyotp

_SECONDS: Final = 30
_DRIFT: Final = (0, -1, 1)
"""Steps that a telephone's clock may be off."""
STEP_UP_LASTS: Final = timedelta(minutes=5)


def new_secret() -> str:
    """A secret for a telephone and for us."""
    return pyotp.random_base32()


def address_of(secret: str, name: str) -> str:
    """What a telephone reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Alpha Panda")


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The step of time that a code is of; None where it is of none that is good now."""
    present = int(now.timestamp()) // _SECONDS
    totp = pyotp.TOTP(secret)
    for drift in _DRIFT:
        if compare_digest(totp.generate_otp(present + drift).encode(), code.encode()):
            return present + drift
    return None
