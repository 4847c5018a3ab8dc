"""A chart's frame as SVG text: axes, grid, labels, and the shapes that are drawn into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Final

WIDTH: Final = 960
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 14, 12, 26

Point = tuple[float, float]
"""Across from 0 to 1, and a value."""


class Chart:
    """A plot of values over the share of the width."""

    def __init__(self, title: str, height: int, ticks: Sequence[float], label: Callable[[float], str]) -> None:
        """`ticks` are the values that the grid marks; the first and last are the frame's."""
        self._title = title
        self._height = height
        self._low, self._high = ticks[0], ticks[-1]
        self._parts: list[str] = []
        for tick in ticks:
            y = self.y(tick)
            self._parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            said = escape(label(tick))
            self._parts.append(f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{said}</text>')

    def x(self, share: float) -> float:
        """Pixels from the left."""
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        inner = self._height - _TOP - _BOTTOM
        return _TOP + (self._high - value) / (self._high - self._low) * inner

    def across(self, ticks: Iterable[tuple[float, str]]) -> None:
        """Labels below."""
        for share, said in ticks:
            place = f'x="{self.x(share):.1f}" y="{self._height - 8}" text-anchor="middle"'
            self._parts.append(f'<text class="tick" {place}>{escape(said)}</text>')

    def line(self, points: Sequence[Point], kind: str) -> None:
        """A line through the points."""
        self._parts.append(f'<polyline class="{kind}" points="{self._path(points)}"/>')

    def area(self, points: Sequence[Point], floor: float, kind: str) -> None:
        """The area between the points and a value."""
        if points:
            closed = [(points[0][0], floor), *points, (points[-1][0], floor)]
            self._parts.append(f'<polygon class="{kind}" points="{self._path(closed)}"/>')

    def level(self, begin: float, end: float, value: float, kind: str) -> None:
        """A straight line at one value."""
        y = self.y(value)
        self._parts.append(
            f'<line class="{kind}" x1="{self.x(begin):.1f}" x2="{self.x(end):.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )

    def bar(self, begin: float, end: float, value: float, kind: str, told: str) -> None:
        """An upright bar from zero with a word on what it is."""
        x, y = self.x(begin), self.y(value)
        width, height = max(self.x(end) - x, 0.5), max(self.y(0) - y, 0.5)
        place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
        self._parts.append(f'<rect class="{kind}" {place}><title>{escape(told)}</title></rect>')

    def candles(self, candles: Iterable[tuple[float, float, float, float, float]], width: float) -> None:
        """Bars of share, open, high, low and close; `width` is a share as well."""
        half = max(width * (WIDTH - _LEFT - _RIGHT) * 0.35, 0.4)
        drawn: dict[str, list[str]] = {"up": [], "down": []}
        for share, first, high, low, close in candles:
            x = self.x(share)
            top, bottom = self.y(max(first, close)), self.y(min(first, close))
            body = f"M{x - half:.1f} {top:.1f}H{x + half:.1f}V{max(bottom, top + 0.5):.1f}H{x - half:.1f}Z"
            wick = f"M{x:.1f} {self.y(high):.1f}V{self.y(low):.1f}"
            drawn["up" if close >= first else "down"].append(body + wick)
        self._parts += [f'<path class="candle {kind}" d="{"".join(paths)}"/>' for kind, paths in drawn.items() if paths]

    def marker(self, share: float, value: float, kind: str, told: str) -> None:
        """A triangle: pointing up for what was bought, down for what was sold; its tip is at the value."""
        x, y = self.x(share), self.y(value)
        down = 9 if "buy" in kind.split() else -9
        shape = f"M{x:.1f} {y:.1f}l5 {down}h-10z"
        self._parts.append(f'<path class="marker {kind}" d="{shape}"><title>{escape(told)}</title></path>')

    def joined(self, begin: Point, end: Point, kind: str) -> None:
        """A straight line between two points."""
        self._parts.append(f'<polyline class="{kind}" points="{self._path((begin, end))}"/>')

    def __str__(self) -> str:
        inside = "".join(self._parts)
        return (
            f'<svg viewBox="0 0 {WIDTH} {self._height}" role="img" aria-label="{escape(self._title)}">'
            f"<title>{escape(self._title)}</title>{inside}</svg>"
        )

    def _path(self, points: Iterable[Point]) -> str:
        return " ".join(f"{self.x(share):.1f},{self.y(value):.1f}" for share, value in points)
