"""Channels: where people are told of alerts, what each wants to hear, and when. Pure; the notifier does the sending."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from alpha_panda.domain.alerts import Alert, Kind, Priority
from alpha_panda.domain.calendar import IST
from alpha_panda.errors import InputError

TEST: Final = "test"
"""The occasion of a message that a person asked for."""
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 600.0


class DeliveryState(StrEnum):
    """What became of one alert on one channel."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    """Given up after all tries."""
    UNKNOWN = "unknown"
    """The notifier ended while it was sending: it may have arrived, so it is not sent again."""
    DROPPED = "dropped"
    """More waited than may wait."""


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One channel as it is configured; its address is kept apart."""

    name: str
    service: str
    """`email`, `discord`, `telegram`, `slack`, `webhook` or another name of apprise's."""
    enabled: bool = True
    floor: Priority = Priority.LOW
    """What is less urgent is not told here."""
    kinds: tuple[Kind, ...] = ()
    """Only these; all where there are none."""
    brokers: tuple[str, ...] = ()
    """Only alerts of these Brokers and of none; all where there are none."""
    quiet: str | None = None
    """`22:00-07:00`, India's time: only what is critical is told then, the rest waits."""
    per_minute: int = 10
    """Messages; when they are used up, what waits is told in one."""
    commands: bool = False
    """Whether commands are taken from its chats (Telegram)."""

    def wants(self, alert: Alert) -> bool:
        """Whether an alert is told here."""
        if not self.enabled or (alert.kind is Kind.CHANNEL and alert.key == f"channel:{self.name}"):
            return False
        if not alert.priority.reaches(self.floor) or (self.kinds and alert.kind not in self.kinds):
            return False
        return not self.brokers or alert.broker is None or alert.broker in self.brokers

    def is_quiet(self, now: datetime) -> bool:
        """Whether only critical alerts are told now."""
        if self.quiet is None:
            return False
        begins, ends = quiet_hours(self.quiet)
        clock = now.astimezone(IST).time().replace(tzinfo=None)
        return begins <= clock < ends if begins <= ends else clock >= begins or clock < ends


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that waits to be told on a channel."""

    alert: Alert
    occasion: str
    attempts: int

    @property
    def urgent(self) -> bool:
        """Whether it is told at once, alone, at any hour."""
        return self.alert.priority is Priority.CRITICAL or self.occasion == TEST


def check_channel(channel: Channel) -> Channel:
    """The channel itself.

    Raises:
        InputError: its name, quiet hours or rate are not allowed.
    """
    if not _NAME.fullmatch(channel.name):
        raise InputError(f"channel name {channel.name!r}: allowed are a-z, 0-9 and - inside, at most 40 characters")
    if channel.quiet is not None:
        quiet_hours(channel.quiet)
    if not 1 <= channel.per_minute <= 600:  # noqa: PLR2004 - ten a second
        raise InputError(f"channel {channel.name}: {channel.per_minute} messages a minute; allowed: 1 to 600")
    return channel


def quiet_hours(text: str) -> tuple[time, time]:
    """When quiet begins and ends, India's time; raises InputError for any other text."""
    match = _HOURS.fullmatch(text)
    if match is None or match[1] + match[2] == match[3] + match[4]:
        raise InputError(f"quiet hours {text!r}: allowed is HH:MM-HH:MM, India's time, such as 22:00-07:00")
    hours = [int(part) for part in match.groups()]
    return time(hours[0], hours[1]), time(hours[2], hours[3])


def messages(due: Sequence[Due], allowance: int, *, quiet: bool) -> list[tuple[Due, ...]]:
    """What is sent now, each part in one message.

    What is urgent goes alone, the rest too or, where it is more than `allowance` messages, all in one; without
    allowance it waits, and so it does in quiet hours.
    """
    urgent = [(each,) for each in due if each.urgent]
    rest = [each for each in due if not each.urgent]
    left = allowance - len(urgent)
    if quiet or not rest or left < 1:
        return list(urgent)
    if len(rest) <= left:
        return [*urgent, *((each,) for each in rest)]
    return [*urgent, tuple(rest)]


def pause_after(attempts: int, chance: float) -> timedelta:
    """Before the next try; `chance` in 0..1 spreads those that failed together."""
    seconds = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempts - 1, 20))
    return timedelta(seconds=seconds * (0.5 + chance / 2))
