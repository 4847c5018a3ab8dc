"""Named places at which a test may kill or stop a service: the moments between which a crash makes a difference.

Off unless `run.fail_points` names a folder. A file `SERVICE.POINT` in it arms a point of a service: its text
is an action (`kill` or `stop`) and which passing of the point is meant (`kill 3` is the third from when the
service sees the file). The file is deleted before the service dies, so that the next life passes unharmed,
and the service's log says that it happened.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from alpha_panda.errors import InputError


class FailPoint(StrEnum):
    """The places, in the order in which one turn of a service comes by them."""

    AFTER_CONSUME = "after_consume"
    AFTER_CLAIM = "after_claim"
    """An order may be sent once by whoever is here, and nothing of it is."""
    AFTER_POST = "after_post"
    """An order's request is written, its reply is not read."""
    AFTER_REPLY = "after_reply"
    """The reply is read, nothing of it is written down."""
    BEFORE_PRODUCE = "before_produce"
    AMID_PRODUCE = "amid_produce"
    """Some records were handed to the producer, none is acknowledged."""
    AFTER_PRODUCE = "after_produce"
    AFTER_MARK = "after_mark"
    BEFORE_SNAPSHOT = "before_snapshot"
    AFTER_EFFECTS = "after_effects"
    """What is kept outside Kafka is written, the snapshot is not."""
    AFTER_SNAPSHOT = "after_snapshot"
    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"


_SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class FailPoints:
    """The fail-points of one process."""

    def __init__(self, folder: Path | None, service: str) -> None:
        """With no `folder` every point is passed without a look at anything."""
        self._folder = folder
        self._service = service
        self._left: dict[FailPoint, int] = {}

    def reached(self, point: FailPoint) -> None:
        """Pass the point, or die here where that was asked for; raises InputError for a file that means nothing."""
        if self._folder is None:
            return
        order = self._folder / f"{self._service}.{point}"
        try:
            text = order.read_text()
        except FileNotFoundError:
            self._left.pop(point, None)
            return
        action, passing = _parse(text, order)
        self._left[point] = self._left.get(point, passing) - 1
        if self._left[point] > 0:
            return
        order.unlink(missing_ok=True)
        del self._left[point]
        self._testify(point, action)
        os.kill(os.getpid(), _SIGNALS[action])

    def _testify(self, point: FailPoint, action: str) -> None:
        """Log it past the queue of the logs, whose writer will not live to write it."""
        said = {"event": "fail-point", "point": point, "action": action, "level": "warning", "service": self._service}
        line = json.dumps({**said, "timestamp": datetime.now(UTC).isoformat()})
        os.write(sys.stderr.fileno(), f"{line}\n".encode())


NO_FAIL_POINTS: Final = FailPoints(None, "")
"""For whoever is no service: nothing ever happens."""


def _parse(text: str, order: Path) -> tuple[str, int]:
    action, _, passing = text.strip().partition(" ")
    if action not in _SIGNALS or not (passing or "1").isdecimal():
        raise InputError(
            f"fail-point {order} says {text.strip()!r}", remedy=f"write one of {', '.join(_SIGNALS)} and a count"
        )
    return action, int(passing or 1)
