"""Strategies that do what a test tells them, and events to run them with."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from tests.unit.strategies.market_days import START, TOKEN

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured, StrategyQuarantined
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import bar_id, event_id, partition_of, tick_id
from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.registry import EVENT_TOPICS
from alpha_panda.events.signals import Side, SignalRaised
from alpha_panda.strategy import Context, Enter, Exit, Strategy, StrategyConfig, Wish
from alpha_panda.strategy_runner.processor import StrategyRunnerProcessor
from alpha_panda.strategy_runner.roster import Share
from alpha_panda.strategy_runner.warden import Warden

MODULE = "tests.unit.strategy_runner.scripted"
YESBANK = {"exchange": "NSE", "symbol": "YESBANK"}
HDFCBANK = {"exchange": "NSE", "symbol": "HDFCBANK"}
HDFCBANK_TOKEN = 341249


class ScriptConfig(StrategyConfig):
    """Closes at which it enters, leaves, or breaks."""

    enter_at: int = 0
    exit_at: int = 0
    raise_at: int = 0
    stop_at: int | None = None
    nan: bool = False


class Script(Strategy[ScriptConfig]):
    """Enters, exits or raises at given closes; its state is how many bars it saw."""

    Config: ClassVar[type[ScriptConfig]] = ScriptConfig
    warm_up_bars = 2

    def __init__(self, config: ScriptConfig, context: Context) -> None:
        super().__init__(config, context)
        self.seen = 0
        self.withheld = 0

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        self.seen += 1
        if bar.close_paise == self.config.raise_at:
            raise ZeroDivisionError("nothing to divide by")
        if bar.close_paise == self.config.enter_at:
            yield Enter(side=Side.BUY, reason=f"bar {self.seen}", stop_loss_paise=self.config.stop_at)
        if bar.close_paise == self.config.exit_at:
            yield Exit(side=Side.SELL, reason=f"bar {self.seen}")

    def entry_withheld(self, entry: Enter) -> None:
        assert entry.reason
        self.withheld += 1

    def snapshot(self) -> dict[str, Any]:
        return {"seen": self.seen, "withheld": self.withheld, "nan": float("nan") if self.config.nan else 0.1}

    def restore(self, state: dict[str, Any]) -> None:
        self.seen, self.withheld = state["seen"], state["withheld"]
        assert self.config.nan == (state["nan"] != state["nan"])


class TickScript(Script):
    """Enters on a tick at `enterAt`."""

    def on_tick(self, tick: Tick, event_time: datetime) -> Iterable[Wish]:
        if tick.price_paise == self.config.enter_at:
            yield Enter(side=Side.BUY, reason=f"tick at {event_time:%H:%M:%S}")


class ReturnsConfig(StrategyConfig):
    """An expression."""

    code: str


class Returns(Strategy[ReturnsConfig]):
    """Returns the value of an expression."""

    Config: ClassVar[type[ReturnsConfig]] = ReturnsConfig
    warm_up_bars = 0

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        _ = bar
        return eval(self.config.code, {"Enter": Enter, "Exit": Exit, "Side": Side})  # noqa: S307 - the test's own code

    def snapshot(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        _ = state


class Listed(Script):
    """Has a state that is no dict."""

    def snapshot(self) -> dict[str, Any]:
        return [1]  # type: ignore[return-value]


class Unborn(Script):
    """Cannot be made."""

    def __init__(self, config: ScriptConfig, context: Context) -> None:
        super().__init__(config, context)
        raise KeyError("no")


class Vague(Script):
    """Does not know what it needs."""

    warm_up_bars = "some"  # type: ignore[assignment]


class Forgetful(Script):
    """Cannot go on from what it said."""

    def restore(self, state: dict[str, Any]) -> None:
        raise LookupError(f"what is {state}?")


class Hoards(Script):
    """Keeps far too much."""

    def snapshot(self) -> dict[str, Any]:
        return {**super().snapshot(), "all": "x" * 200_000}


class Hides(Script):
    """Keeps far too much, and says nothing of it."""

    def __init__(self, config: ScriptConfig, context: Context) -> None:
        super().__init__(config, context)
        self._hidden = [[number] for number in range(10_000)]


class Unsaved(Script):
    """Has a state that cannot be kept."""

    def snapshot(self) -> dict[str, Any]:
        return {"open": object()}


def runner(
    partitions: Sequence[int] = (0,), count: int = 1, own: str | None = None, warden: Warden | None = None
) -> StrategyRunnerProcessor:
    share = Share(partitions=frozenset(partitions), count=count)
    return StrategyRunnerProcessor(load_instruments(), default_calendar(), share, own, warden)


def spec(strategy: str = "Script", **changes: object) -> dict[str, Any]:
    return {"strategy": f"{MODULE}:{strategy}", "instruments": [YESBANK], **changes}


def configured(
    name: str, wanted: dict[str, Any] | None, uid: str = "u1", generation: int = 1
) -> Event[StrategyConfigured]:
    data = StrategyConfigured(name=name, uid=uid, generation=generation, spec=wanted)
    identity = event_id(START, "strategy", name)
    return Event(id=identity, event_time=START, data=data, key=name, correlation_id=identity)


def broker(name: str = "paper", *, live: bool = False, gone: bool = False) -> Event[BrokerConfigured]:
    wanted = {"type": "Zerodha", "live": True, "credentialsSecretRef": {"name": "kite"}} if live else {"type": "Paper"}
    data = BrokerConfigured(name=name, uid=name, generation=1, spec=None if gone else wanted)
    identity = event_id(START, "broker", name)
    return Event(id=identity, event_time=START, data=data, key=name, correlation_id=identity)


def bar_event(bar: Bar, epoch: int | None = None) -> Event[Bar]:
    identity = bar_id(bar.instrument_token, bar.timeframe, bar.start, bar.end)
    return Event(
        id=identity,
        event_time=bar.end,
        data=bar,
        key=str(bar.instrument_token),
        key_instrument=bar.instrument_token,
        correlation_id="the tick that began it",
        epoch=epoch,
    )


def tick_event(price: int, seconds: int = 0, token: int = TOKEN) -> Event[Tick]:
    at = START + timedelta(seconds=seconds)
    identity = tick_id(token, at, seconds)
    data = Tick(instrument_token=token, price_paise=price, volume=10)
    return Event(id=identity, event_time=at, data=data, key=str(token), correlation_id=identity, sequence=seconds)


def outputs(processor: StrategyRunnerProcessor, *events: Event[Any]) -> list[Event[Any]]:
    """All that follows from the events."""
    return [each for event in events for each in processor.on_event(event, EVENT_TOPICS[type(event.data)])]


def feed(processor: StrategyRunnerProcessor, *events: Event[Any]) -> list[Event[SignalRaised]]:
    """The signals that follow from the events."""
    return [each for each in outputs(processor, *events) if isinstance(each.data, SignalRaised)]


def facts(found: Iterable[Event[Any]]) -> list[StrategyQuarantined]:
    """The quarantines among outputs."""
    return [each.data for each in found if isinstance(each.data, StrategyQuarantined)]


def partition(token: int, count: int) -> int:
    return partition_of(token, count)
