"""Log lines: JSON, without secrets, and never waited for."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog

from alpha_panda.runtime.logs import LogQueue, configure_logs, mask_secrets


@pytest.fixture
def untouched() -> Iterator[None]:
    """Logging as pytest has it, when the test is over."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def masked(**event: object) -> MutableMapping[str, Any]:
    return mask_secrets(None, "info", dict(event))


@pytest.mark.parametrize("key", ["password", "Password", "kafka_password", "api_key", "access_token", "Authorization"])
def test_the_value_of_a_secret_key_is_masked(key: str):
    assert masked(**{key: "hunter2"}) == {key: "***"}


def test_a_secret_is_masked_however_deep_it_is():
    event = masked(settings={"kafka": {"username": "u", "password": "hunter2"}}, users=[{"token": "hunter2"}])
    assert event == {"settings": {"kafka": {"username": "u", "password": "***"}}, "users": [{"token": "***"}]}


def test_the_token_of_an_instrument_is_no_secret():
    assert masked(instrument_token=738_561, reason="late") == {"instrument_token": 738_561, "reason": "late"}


class Stuck(io.StringIO):
    """A standard error that does not take a line before it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.reached = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        assert self.let_go.wait(10)
        return super().write(text)


def test_a_full_queue_drops_lines_counts_them_and_never_waits(monkeypatch: pytest.MonkeyPatch):
    stderr = Stuck()
    monkeypatch.setattr(sys, "stderr", stderr)
    lines = LogQueue(3)
    lines.put("in the writer's hand")
    assert stderr.reached.wait(10)
    for number in range(10):
        lines.put(f"line {number}")
    assert (lines.size, lines.capacity, lines.dropped) == (3, 3, 7)
    stderr.let_go.set()
    lines.close()
    assert stderr.getvalue().splitlines() == ["in the writer's hand", "line 0", "line 1", "line 2"]


class Broken(io.StringIO):
    """A standard error that takes one line less than it is given."""

    def write(self, text: str) -> int:
        if "lost" in text:
            raise OSError("no space left on device")
        return super().write(text)


def test_a_line_that_cannot_be_written_is_counted_and_the_next_one_is_written(monkeypatch: pytest.MonkeyPatch):
    stderr = Broken()
    monkeypatch.setattr(sys, "stderr", stderr)
    lines = LogQueue(10)
    lines.put("lost")
    lines.put("kept")
    lines.close()
    assert stderr.getvalue() == "kept\n"
    assert lines.dropped == 1


@pytest.mark.usefixtures("untouched")
def test_a_line_is_json_with_service_broker_time_and_what_was_bound(capsys: pytest.CaptureFixture[str]):
    lines = configure_logs("risk-manager", "paper", "info", 100)
    structlog.get_logger().bind(correlation_id="c-1").info("signal rejected", code="max_position", password="hunter2")
    structlog.get_logger().debug("below the level")
    logging.getLogger("aiokafka").warning("a library says %s", "this")
    lines.close()
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "event": "signal rejected",
        "level": "info",
        "service": "risk-manager",
        "broker": "paper",
        "correlation_id": "c-1",
        "code": "max_position",
        "password": "***",
    }
    assert (second["event"], second["level"]) == ("a library says this", "warning")


@pytest.mark.usefixtures("untouched")
def test_an_exception_is_in_its_line(capsys: pytest.CaptureFixture[str]):
    lines = configure_logs("api", None, "info", 100)
    try:
        raise ZeroDivisionError("the cause")  # noqa: TRY301 - the log line is about it
    except ZeroDivisionError:
        structlog.get_logger().exception("failed")
        logging.getLogger("uvicorn").exception("failed there")
    lines.close()
    for line in capsys.readouterr().err.splitlines():
        assert "ZeroDivisionError: the cause" in json.loads(line)["exception"]
