"""Sends one message by one channel, through apprise, on a thread of the caller's choice; what it says is kept."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import apprise

from alpha_panda.domain.alerts import Priority
from alpha_panda.errors import PandaError
from alpha_panda.notifier.addresses import Address, hidden, open_address

_LOGGER: Final = "apprise"
_LONGEST: Final = 300
_TYPES: Final = {
    Priority.CRITICAL: apprise.NotifyType.FAILURE,
    Priority.HIGH: apprise.NotifyType.WARNING,
    Priority.NORMAL: apprise.NotifyType.INFO,
    Priority.LOW: apprise.NotifyType.INFO,
}


class NotSentError(PandaError):
    """A channel did not take a message; the text says why, without anything secret."""


class Sender:
    """One channel's way out. Each call may take as long as the library's time limits."""

    def __init__(self, address: Address) -> None:
        """Raises InputError where the address is none."""
        self._address = address
        self._plugin = open_address(address)

    def send(self, title: str, body: str, priority: Priority) -> None:
        """Send, and return when the other side has taken it.

        Raises:
            NotSentError: it has not.
        """
        way = apprise.Apprise()
        way.add(self._plugin)
        with _heard() as said:
            try:
                kind = _TYPES[priority]
                taken = bool(
                    way.notify(body=body, title=title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT)
                )
            except Exception as error:  # noqa: BLE001 - a plugin raises what its protocol's library likes
                said.append(f"{type(error).__name__}: {error}")
                taken = False
        if not taken:
            reason = " ".join(said) or "the library gives no reason"
            raise NotSentError(hidden(reason, self._address.url)[:_LONGEST])


class _Ears(logging.Handler):
    """Keeps what the library says on this thread."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self._said.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[list[str]]:
    said: list[str] = []
    ears = _Ears(said)
    logger = logging.getLogger(_LOGGER)
    logger.addHandler(ears)
    try:
        yield said
    finally:
        logger.removeHandler(ears)
