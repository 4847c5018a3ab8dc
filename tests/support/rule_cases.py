"""Resources that break one rule each, and some that break none: for every reader that holds resources to the rules."""

from typing import Final

from alpha_panda.resources.account_limits import AccountLimits
from alpha_panda.resources.broker import (
    Broker,
    BrokerMetadata,
    BrokerSpec,
    BrokerType,
    PaperSettings,
    SecretReference,
    ZerodhaSettings,
)
from alpha_panda.resources.sizing import Kelly, Sizing, SizingMethod
from alpha_panda.resources.strategy import (
    Exchange,
    InstrumentReference,
    Levels,
    Mode,
    Strategy,
    StrategyMetadata,
    StrategyRisk,
    StrategySpec,
    Timeframe,
)

RELIANCE = InstrumentReference(exchange=Exchange.NSE, symbol="RELIANCE")
PAPER = BrokerSpec(type=BrokerType.PAPER)
ZERODHA = BrokerSpec(type=BrokerType.ZERODHA, credentials_secret_ref=SecretReference(name="kite"))
PLAIN = StrategySpec(strategy="momentum", instruments=(RELIANCE,))
LIVE = {"mode": Mode.LIVE, "acknowledge_live": "mine", "risk": StrategyRisk(max_daily_loss="500")}


def broker(spec: BrokerSpec, name: str = "desk", **changes: object) -> Broker:
    return Broker(metadata=BrokerMetadata(name=name), spec=spec.model_copy(update=changes))


def strategy(**changes: object) -> Strategy:
    return Strategy(metadata=StrategyMetadata(name="mine"), spec=PLAIN.model_copy(update=changes))


BROKEN: Final[list[tuple[Broker | Strategy, str, str]]] = [
    (broker(ZERODHA, credentials_secret_ref=None), "zerodha-needs-credentials", "spec.credentialsSecretRef"),
    (
        broker(PAPER, credentials_secret_ref=SecretReference(name="kite")),
        "paper-has-no-credentials",
        "spec.credentialsSecretRef",
    ),
    (broker(PAPER, live=True), "paper-not-live", "spec.live"),
    (broker(PAPER, zerodha=ZerodhaSettings()), "settings-fit-type", "spec.zerodha"),
    (broker(ZERODHA, paper=PaperSettings()), "settings-fit-type", "spec.paper"),
    (
        broker(PAPER, account=AccountLimits(max_daily_loss="0")),
        "account-lets-trade",
        "spec.account.maxDailyLoss",
    ),
    (broker(PAPER, paper=PaperSettings(starting_cash="1000")), "account-lets-trade", "spec.account.minCashReserve"),
    (strategy(risk=StrategyRisk(max_order_value="0.00")), "strategy-lets-trade", "spec.risk.maxOrderValue"),
    (strategy(sizing=Sizing(kelly=Kelly(fraction="50"))), "sizing-fits-method", "spec.sizing.kelly"),
    (
        strategy(sizing=Sizing(method=SizingMethod.KELLY, kelly=Kelly(payoff="2"))),
        "sizing-fits-method",
        "spec.sizing.kelly",
    ),
    (strategy(instruments=(RELIANCE, RELIANCE)), "lists-are-sets", "spec.instruments.1"),
    (strategy(timeframes=(Timeframe.DAY, Timeframe.HOUR, Timeframe.DAY)), "lists-are-sets", "spec.timeframes.2"),
    (strategy(brokers=("paper", "paper")), "lists-are-sets", "spec.brokers.1"),
    (strategy(levels=Levels(target_percent="2", reward_risk="2")), "one-target", "spec.levels.rewardRisk"),
    (strategy(**{**LIVE, "acknowledge_live": None}), "live-acknowledged", "spec.acknowledgeLive"),
    (strategy(**{**LIVE, "acknowledge_live": "other"}), "live-acknowledged", "spec.acknowledgeLive"),
    (strategy(**{**LIVE, "risk": StrategyRisk()}), "live-limited", "spec.risk.maxDailyLoss"),
]
"""A resource, the one rule that it breaks, and the field."""
KEPT: Final[list[Broker | Strategy]] = [
    broker(PAPER),
    broker(PAPER, halted=True, paper=PaperSettings()),
    broker(ZERODHA, live=True, zerodha=ZerodhaSettings()),
    strategy(),
    strategy(**LIVE),
    strategy(levels=Levels(stop_loss_percent="1", reward_risk="2")),
    strategy(acknowledge_live="other"),
]
