"""The ticker's connections: up to three, each with its share of the instruments, made anew when one ends or is silent.

The loop calls `look` several times a second; nothing waits here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from typing import Final, Protocol

from alpha_panda.errors import InputError

INSTRUMENTS: Final = 3_000
"""Of one connection."""
CONNECTIONS: Final = 3
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0


class Line(Protocol):
    """A connection, as `ticker.TickerLine` is."""

    opened_at: float
    heard_at: float
    connected: bool
    ended: str | None
    refused: bool

    def open(self) -> None:
        """Connect."""

    def subscribe(self, tokens: tuple[int, ...]) -> None:
        """Follow exactly these."""

    def close(self) -> None:
        """End it."""


class _Place:
    """One of the connections, over all its lives."""

    def __init__(self) -> None:
        self.line: Line | None = None
        self.tokens: tuple[int, ...] = ()
        self.not_before = 0.0
        self.pause = FIRST_PAUSE
        self.lost_at: float | None = None
        self.told = False


class Lines:
    """All connections of one login. `make` makes a connection; `silent` is how long one may say nothing."""

    def __init__(
        self,
        make: Callable[[], Line],
        silent: float,
        random: Random | None = None,
        ticking: Callable[[], float] = time.monotonic,
        *,
        least: int = 0,
    ) -> None:
        """No connection, no instrument; `least` connections are there also without any."""
        self._least = least
        self._make = make
        self._silent = silent
        self._random = random or Random()  # noqa: S311 - jitter
        self._ticking = ticking
        self._places: list[_Place] = []
        self.reasons: list[str] = []
        """Why connections ended, since somebody last asked."""
        self.interruptions: list[tuple[tuple[int, ...], float]] = []
        """The instruments of a connection that is there again, and for how many seconds it was not."""
        self.reconnects = 0

    @property
    def connected(self) -> int:
        """How many connections are there."""
        return sum(place.line is not None and place.line.connected for place in self._places)

    @property
    def expected(self) -> int:
        """How many there should be."""
        return len(self._places)

    @property
    def refused(self) -> bool:
        """Whether a connection ended because the login is no longer good."""
        return any(place.line is not None and place.line.refused for place in self._places)

    @property
    def silence(self) -> float:
        """Seconds since the connection that has been silent longest said anything; 0 without any."""
        heard = [place.line.heard_at for place in self._places if place.line is not None]
        return max(0.0, self._ticking() - min(heard)) if heard else 0.0

    def follow(self, tokens: tuple[int, ...]) -> None:
        """Follow exactly these instruments.

        Raises:
            InputError: they are more than a login may follow.
        """
        if len(tokens) > INSTRUMENTS * CONNECTIONS:
            raise InputError(
                f"{len(tokens)} instruments; a login follows at most {INSTRUMENTS * CONNECTIONS}",
                remedy="trade fewer instruments",
            )
        shares: list[tuple[int, ...]] = [
            tokens[begin : begin + INSTRUMENTS] for begin in range(0, len(tokens), INSTRUMENTS)
        ]
        shares += [()] * (self._least - len(shares))
        for place in self._places[len(shares) :]:
            if place.line is not None:
                place.line.close()
        del self._places[len(shares) :]
        self._places += [_Place() for _ in range(len(shares) - len(self._places))]
        for place, share in zip(self._places, shares, strict=True):
            if place.tokens != share:
                place.tokens = share
                if place.line is not None:
                    place.line.subscribe(share)

    def look(self) -> None:
        """Open what is not there, end what is silent, note what came back."""
        now = self._ticking()
        for place in self._places:
            line = place.line
            if line is None:
                if now >= place.not_before:
                    self._open(place)
            elif line.ended is not None:
                if not (line.refused and place.told):
                    self._lost(place, line.ended, now)
            elif now - line.heard_at > self._silent:
                line.close()
                self._lost(place, f"silent for {now - line.heard_at:.1f} s", now)
            elif line.connected and place.lost_at is not None:
                self.interruptions.append((place.tokens, now - place.lost_at))
                place.lost_at, place.pause, place.told = None, FIRST_PAUSE, False

    def close(self) -> None:
        """End all."""
        for place in self._places:
            if place.line is not None:
                place.line.close()
        self._places.clear()

    def _open(self, place: _Place) -> None:
        place.line = self._make()
        place.line.subscribe(place.tokens)
        place.line.open()

    def _lost(self, place: _Place, why: str, now: float) -> None:
        self.reasons.append(why)
        self.reconnects += 1
        heard_at = now if place.line is None else place.line.heard_at
        place.lost_at = heard_at if place.lost_at is None else place.lost_at
        place.told = True
        if place.line is not None and place.line.refused:
            return  # a new login makes new lines
        place.line = None
        place.not_before = now + place.pause * self._random.uniform(0.5, 1.5)
        place.pause = min(LONGEST_PAUSE, place.pause * 2)
