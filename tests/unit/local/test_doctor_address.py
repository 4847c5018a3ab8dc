"""Whether orders would leave from a registered address: yes, no, or not to be known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from threading import Thread

import pytest
from pydantic import ValidationError

from alpha_panda.local.doctor import address
from alpha_panda.local.doctor.address import judge_address
from alpha_panda.local.doctor.findings import Level
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings

OURS, OTHER, INSIDE = ip_address("8.8.4.4"), ip_address("8.8.8.8"), ip_address("10.1.2.3")


def test_an_address_that_is_registered_is_well() -> None:
    for leaves, seen in ((OURS, None), (INSIDE, OURS)):
        found = judge_address((OTHER, OURS), leaves, seen)
        assert (found.level, found.message) == (Level.OK, "orders come from 8.8.4.4, which is registered")


def test_another_address_fails_before_the_exchange_refuses_an_order() -> None:
    for leaves, seen in ((OTHER, None), (INSIDE, OTHER), (OURS, OTHER)):
        found = judge_address((OURS,), leaves, seen)
        assert found.level is Level.FAILED
        assert "orders would come from 8.8.8.8; registered: 8.8.4.4" in found.message


def test_what_cannot_be_known_is_said() -> None:
    behind = judge_address((OURS,), INSIDE, None)
    assert (behind.level, "behind a router" in behind.message) == (Level.WARNING, True)
    unnamed = judge_address((), OURS, None)
    assert (unnamed.level, "zerodha.static_ips" in unnamed.message) == (Level.WARNING, True)


@contextmanager
def page(says: bytes) -> Iterator[str]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(says)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("says", "level"), [(b"8.8.4.4\n", Level.OK), (b"8.8.8.8", Level.FAILED), (b"<html>", Level.SKIPPED)]
)
def test_a_page_tells_who_asks(says: bytes, level: Level) -> None:
    with page(says) as url:
        settings = ZerodhaSettings(static_ips=("8.8.4.4",), address_page=url)
        assert address._examine(settings, "127.0.0.1").level is level  # noqa: SLF001 - the edge under `examine_address`


def test_what_is_no_address_is_no_setting() -> None:
    with pytest.raises(ValidationError):
        ZerodhaSettings(static_ips=("8.8.4.400",))
    with pytest.raises(ValidationError):
        ZerodhaSettings(static_ips=("8.8.4.4", "8.8.8.8", "1.1.1.1"))
