"""What tells an order at Zerodha whose it is: its tag, made of what it is and never of when it was sent.

Zerodha has no idempotency key. The tag is what an order without an answer is looked for by, so it must fit
(20 characters, letters and digits) and two orders must never share one. Slices of one order do share it.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from alpha_panda.events.orders import Order

TAG_LENGTH: Final = 20
"""100 bits; a longer one is rejected, not cut."""
_VERSION: Final = "v1"


def tag_of(broker: str, account: str, order: Order) -> str:
    """The tag of a leg of a signal and its generation, on one account of one Broker."""
    subject = f"{_VERSION}|{broker}|{account}|{order.signal_id}|{order.leg}|{order.generation}"
    return base64.b32encode(hashlib.sha256(subject.encode()).digest()).decode()[:TAG_LENGTH]
