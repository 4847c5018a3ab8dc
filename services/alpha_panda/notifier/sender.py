"""Sends one message by one channel, through apprise, on a thread of the caller's choice; what it says is kept."""

from __future__ import annotations

from typing import Final

import apprise

from alpha_panda.domain.alerts import Priority
from alpha_panda.errors import PandaError
from alpha_panda.notifier.addresses import Address, hidden, open_address

_LONGEST: Final = 300
_TOLD: Final = frozenset({"WARNING", "ERROR", "CRITICAL"})
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
        self._way = apprise.Apprise()
        self._way.add(open_address(address))

    def send(self, title: str, body: str, priority: Priority) -> None:
        """Send, and return when the other side has taken it.

        Raises:
            NotSentError: it has not.
        """
        kind = _TYPES[priority]
        try:
            result = self._way.notify(body=body, title=title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT)
        except Exception as error:  # noqa: BLE001 - a plugin raises what its protocol's library likes
            reason = f"{type(error).__name__}: {error}"
            raise NotSentError(hidden(reason, self._address.url)[:_LONGEST]) from None
        if not result:
            raise NotSentError(hidden(_said(result), self._address.url)[:_LONGEST])


def _said(result: apprise.AppriseResult) -> str:
    """What the library told of its last try."""
    tries = [attempt for each in result.results for attempt in each.attempts]
    told = [entry.message for attempt in tries[-1:] for entry in attempt.logs if entry.level in _TOLD]
    return " ".join(dict.fromkeys(told)) or "the library gives no reason"
