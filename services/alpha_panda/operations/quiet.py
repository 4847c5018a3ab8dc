"""Kafka's client told to keep quiet for a while: what does not answer is told in our words, and once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_kafka() -> Iterator[None]:
    """No line of the client's, however bad; before and afterwards it logs as it always does."""
    log = logging.getLogger("aiokafka")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)
