"""The package that `panda strategy new` writes: a strategy that works, its test, and a resource that names it. Pure."""

from __future__ import annotations

from string import Template
from typing import Final

_PYPROJECT: Final = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "$dashed"
version = "0.1.0"
description = "A strategy for Alpha Panda"
requires-python = ">=3.11"
dependencies = ["alpha-panda"]

[project.entry-points."alpha_panda.strategies"]
$name = "$name.strategy:$title"

[tool.hatch.build.targets.wheel]
packages = ["src/$name"]

[tool.pytest.ini_options]
pythonpath = ["src"]
"""
_PACKAGE: Final = '''\
"""A strategy for Alpha Panda."""
'''
_STRATEGY: Final = '''\
"""Long while the close is above its average: a first version to change."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from alpha_panda.domain.indicators import Sma
from alpha_panda.events.market import Bar
from alpha_panda.strategy import Context, Direction, Directional, DirectionalConfig
from pydantic import Field


class ${title}Config(DirectionalConfig):
    """Parameters of `$name`; a resource writes them in camelCase."""

    period: Annotated[int, Field(ge=2, le=1000)] = Field(default=20, description="Bars that the average spans.")
    distance_percent: Annotated[float, Field(ge=0, le=50)] = Field(
        default=0.1, description="How far from the average the close must be before it counts."
    )


class $title(Directional[${title}Config]):
    """Long (or short, where that is allowed) while the close is away from its average."""

    Config: ClassVar[type[${title}Config]] = ${title}Config

    def __init__(self, config: ${title}Config, context: Context) -> None:
        super().__init__(config, context)
        self._average = Sma(config.period)
        self._close = 0

    @property
    def warm_up_bars(self) -> int:
        """What the average takes."""
        return self._average.warm_up

    def update(self, bar: Bar) -> None:
        """Take a closed bar; prices are whole paise."""
        self._average.update(bar)
        self._close = bar.close_paise

    def opinion(self) -> tuple[Direction, str] | None:
        """Where to stand after the last bar, and why; None changes nothing."""
        average = self._average.value
        if average is None:
            return None
        away = 100 * (self._close / average - 1)
        why = f"close {self._close / 100:.2f} is {away:+.2f} % from its average"
        if away >= self.config.distance_percent:
            return Direction.LONG, why
        if away <= -self.config.distance_percent:
            return Direction.SHORT, why
        return None

    def indicators(self) -> dict[str, Any]:
        """All that `update` changes, in JSON's values: a restart goes on from it."""
        return {"average": self._average.snapshot(), "close": self._close}

    def restore_indicators(self, state: dict[str, Any]) -> None:
        """Take over what `indicators` gave."""
        self._average.restore(state["average"])
        self._close = state["close"]
'''
_TEST: Final = '''\
"""What $name wants, and that it neither sees the future nor forgets."""

from datetime import UTC, datetime, timedelta
from math import sin

from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.events.signals import Side
from alpha_panda.strategy import Context, Enter, Exit, decisions, load_strategy, lookahead

OPEN = datetime(2026, 1, 5, 3, 45, tzinfo=UTC)  # 09:15 in India
STRATEGY = "$name.strategy:$title"


def made(**params):
    context = Context(strategy="tested", instrument_token=1, tick_size_paise=5, timeframes=(Timeframe.M1,))
    return load_strategy(STRATEGY, params, (Timeframe.M1,)).instance(context)


def bars(closes):
    return [
        Bar(
            instrument_token=1,
            timeframe=Timeframe.M1,
            start=OPEN + timedelta(minutes=minute),
            end=OPEN + timedelta(minutes=minute + 1),
            open_paise=close,
            high_paise=close,
            low_paise=close,
            close_paise=close,
            volume=1000,
        )
        for minute, close in enumerate(closes)
    ]


WAVES = bars([10_000 + round(500 * sin(minute / 9)) for minute in range(300)])


def test_it_enters_above_its_average_and_leaves_below():
    found = decisions(made(period=3), bars([10_000, 10_000, 10_000, 10_200, 10_300, 9_800]))
    assert [(each.bar, type(each.wish), each.wish.side) for each in found] == [
        (3, Enter, Side.BUY),
        (5, Exit, Side.SELL),
    ]


def test_it_decides_by_what_it_has_seen_alone():
    assert decisions(made(), WAVES)
    assert lookahead(made, WAVES) is None


def test_after_a_restart_it_goes_on_as_if_it_had_never_stopped():
    one, other = made(), made()
    decisions(one, WAVES[:150])
    other.restore(one.snapshot())
    assert decisions(other, WAVES[150:]) == decisions(one, WAVES[150:])
'''
_RESOURCE: Final = """\
apiVersion: alphapanda.io/v1alpha1
kind: Strategy
metadata:
  name: $dashed
spec:
  strategy: $name
  params: {period: 20, distancePercent: 0.1, flatBy: "15:10"}
  instruments:
    - {exchange: NSE, symbol: YESBANK}
  timeframes: [1m]
  brokers: [paper]
  levels: {stopLossPercent: "0.6", rewardRisk: "2"}
"""
_FILES: Final = {
    "pyproject.toml": _PYPROJECT,
    "src/$name/__init__.py": _PACKAGE,
    "src/$name/strategy.py": _STRATEGY,
    "tests/test_$name.py": _TEST,
    "strategy.yaml": _RESOURCE,
}


def package_files(name: str) -> dict[str, str]:
    """The text of each file by its path; `name` is that of a Python module."""
    words = {
        "name": name,
        "dashed": name.replace("_", "-"),
        "title": "".join(word.capitalize() for word in name.split("_")),
    }
    return {Template(path).substitute(words): Template(text).substitute(words) for path, text in _FILES.items()}
