"""Waiting for what others do: asked again and again until a deadline, never slept for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

WAIT_SECONDS = 300.0
"""A machine that does much else is slow; who is ready is not waited for."""
POLL_SECONDS = 0.2


def until(holds: Callable[[], Any], what: str, seconds: float = WAIT_SECONDS) -> Any:  # noqa: ANN401 - what it finds
    """Ask until the answer is something; fails the test where it never is."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not so within {seconds:g} s: {what}"
        time.sleep(POLL_SECONDS)
    return found
