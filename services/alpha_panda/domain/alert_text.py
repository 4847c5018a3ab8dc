"""How alerts read in a message: a title and plain lines, without any markup. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from alpha_panda.domain.alerts import RESOLVED, Alert, Priority
from alpha_panda.domain.calendar import IST
from alpha_panda.domain.channels import TEST, Due

_LINES: Final = 25
_LONGEST: Final = 300
_MARKS: Final = {Priority.CRITICAL: "CRITICAL", Priority.HIGH: "HIGH"}


def message(due: Sequence[Due]) -> tuple[str, str]:
    """Title and body of one message about one alert, or of a digest of several."""
    if len(due) == 1:
        return _title(due[0]), _body(due[0])
    worst = min((each.alert.priority for each in due), key=lambda each: each.rank)
    lines = [f"{_moment(each.alert)} {_title(each)}" for each in due[:_LINES]]
    if len(due) > _LINES:
        lines.append(f"and {len(due) - _LINES} more: panda alerts list")
    mark = f"[{_MARKS[worst]}] " if worst in _MARKS else ""
    return f"{mark}{len(due)} alerts", "\n".join(lines)


def _title(due: Due) -> str:
    alert = due.alert
    said = _plain(alert.title)
    if due.occasion == TEST:
        return said
    if due.occasion == RESOLVED:
        return f"[OVER] {said}"
    return f"[{_MARKS[alert.priority]}] {said}" if alert.priority in _MARKS else said


def _body(due: Due) -> str:
    alert = due.alert
    lines = [_plain(alert.text), f"{_moment(alert)} IST"]
    if alert.count > 1:
        lines.append(f"{alert.count} times")
    return "\n".join(lines)


def _moment(alert: Alert) -> str:
    return f"{alert.last_at.astimezone(IST):%Y-%m-%d %H:%M:%S}"


def _plain(text: str) -> str:
    """On one line, without characters that steer a terminal or a chat."""
    said = "".join(each if each.isprintable() else " " for each in text)
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"
