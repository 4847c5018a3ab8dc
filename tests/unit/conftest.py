"""What every unit test leaves behind as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def logs_are_set_up_for_one_test_only() -> Iterator[None]:
    """A command sets up the logs of its process, and the tests share one."""
    yield
    structlog.reset_defaults()
