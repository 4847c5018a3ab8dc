"""Every call into a strategy goes through here: watched, judged, and never made where a verdict stands already.

The code that is called is a trader's and may do anything; whatever it does becomes a result or a verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from alpha_panda.events.control import QuarantineKind
from alpha_panda.strategy_runner.call_notes import label_of
from alpha_panda.strategy_runner.verdicts import (
    Case,
    Docket,
    Fatal,
    NonsenseError,
    Party,
    Verdict,
    generation_of,
    last_frames,
    verdict,
)
from alpha_panda.strategy_runner.watch import PATIENCE, Limits, NoWatch, OutOfTimeError, Watch

_MEBIBYTE: Final = 1024 * 1024
_ABOUT_EVENTS: Final = ("on_bar", "on_tick")


class Warden:
    """The calls of one task. `cause` is the id of the event that calls are about at the moment."""

    def __init__(self, limits: Limits, watch: Watch, docket: Docket, fatal: Fatal | None = None) -> None:
        """`docket` is shared by all processors of the task that follow one another, and grows.

        `fatal` are the strategies that have ended a process: they get no second chance on another instrument.
        """
        self.limits = limits
        self.watch = watch
        self._is_watched = not isinstance(watch, NoWatch)
        self.docket = docket
        self._fatal: Fatal = fatal or {}
        self._cause: str | Callable[[], str] | None = None
        self._cause_bytes = b""
        self._labels: dict[tuple[Party, str], bytes] = {}

    @property
    def cause(self) -> str | None:
        """The event's id."""
        return self._cause() if callable(self._cause) else self._cause

    def about(self, cause: str | None) -> None:
        """The calls to come are about this event, or about none."""
        self._cause = cause
        self._cause_bytes = b"" if cause is None else cause.encode()

    def about_any(self, name: Callable[[], str]) -> None:
        """The calls to come are about events whose ids are made when a verdict asks for them; no watch is told."""
        self._cause = name
        self._cause_bytes = b""

    def call(self, party: Party, name: str, do: Callable[..., Any], *about: object) -> tuple[Any, Verdict | None]:
        """The result of `do` of what it is about, or the verdict on it."""
        if (self.docket or self._fatal) and (known := self._known(Case(party, name, self.cause))) is not None:
            return None, known
        try:
            result, found = self._attempt(party, name, do, about)
        except OutOfTimeError as error:  # it was raised between the call's last instruction and its end
            late = self.watch.end()
            result, found = None, self._out_of_time(Case(party, name, self.cause), late, last_frames(error))
        if found is not None:
            self.docket[Case(party, name, self.cause)] = found
        return result, found

    def _known(self, case: Case) -> Verdict | None:
        """What stands already: on this very call, or on every one of a strategy that took its process with it."""
        if case in self.docket:
            return self.docket[case]
        before = self._fatal.get(generation_of(case.party))
        if before is None or case.call not in (*_ABOUT_EVENTS, before.call):
            return None
        found = self.docket[case] = verdict(case, before.kind, f"elsewhere {before.reason}", before.evidence)
        return found

    def forget(self, party: Party) -> None:
        """An instance is gone."""
        for key in [key for key in self._labels if key[0] == party]:
            del self._labels[key]

    def _attempt(
        self, party: Party, name: str, do: Callable[..., Any], about: tuple[object, ...]
    ) -> tuple[Any, Verdict | None]:
        result: Any = None
        failure: tuple[QuarantineKind, str, str] | None = None
        if self._is_watched:
            self._begin(party, name)
        try:
            result = do(*about)
        except MemoryError as error:
            grown = self.watch.make_room()
            failure = (QuarantineKind.MEMORY, self._grown(grown), last_frames(error))
        except NonsenseError as error:
            failure = (QuarantineKind.NONSENSE, str(error), f"returned by {name}")
        except OutOfTimeError:
            raise
        except BaseException as error:  # noqa: BLE001 - also SystemExit: a strategy does not end the runner
            failure = (QuarantineKind.RAISED, _said(error), last_frames(error))
        late = self.watch.end() if self._is_watched else 0
        if failure is None and not late:
            return result, None
        case = Case(party, name, self.cause)
        if late:
            return None, self._out_of_time(case, late, failure[2] if failure else "it returned in the end")
        return (result, None) if failure is None else (None, verdict(case, *failure))

    def _begin(self, party: Party, name: str) -> None:
        label = self._labels.get((party, name))
        if label is None:
            label = self._labels[party, name] = label_of(party, name)
        self.watch.begin(label, self._cause_bytes, PATIENCE.get(name, 1))

    def _out_of_time(self, case: Case, late: int, where: str) -> Verdict:
        budget = self.limits.milliseconds * PATIENCE.get(case.call, 1)
        return verdict(case, QuarantineKind.TIME, f"it was still at work after {late} ms; allowed: {budget} ms", where)

    def _grown(self, grown: int) -> str:
        most = self.limits.growth_bytes
        return f"memory ran out: it grew by {grown} bytes in this call; allowed: {most} ({most // _MEBIBYTE} MiB)"


def _said(error: BaseException) -> str:
    """The exception in one line; its text is the strategy's code, too."""
    name = type(error).__name__
    try:
        text = str(error)
    except Exception as another:  # noqa: BLE001 - as above
        return f"{name}, and its text raised {type(another).__name__}"
    return f"{name}: {text}" if text else name
