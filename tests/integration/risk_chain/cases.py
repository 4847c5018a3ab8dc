"""Every refusal of the risk chain, and how a resource brings it about: by a Strategy, by its Broker, or by the clock.

A case of a Strategy is a share, a Strategy and a Broker's worth of nothing else: its resource is applied as
it is refused, and again as it passes. A case of the account is a change to the Broker, seen by one of the
Strategies that are there for all of them. The codes must be those of docs/risk.md: `test_documented` holds
the two together.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.integration.risk_chain.market import Share

Fields = dict[str, Any]
ONE_AT_A_TIME: Fields = {"turns": ["E", "", "X", ""]}
_KELLY: Fields = {"winRatePercent": "60", "payoff": "1", "minTrades": 10_000}


class ByStrategy(NamedTuple):
    """What a Strategy's resource says while its signals are refused, and what instead while they pass."""

    code: str
    says: tuple[str, ...]
    """What a trader must find in the reason, beside its value and limit: mostly the setting."""
    refused: Fields
    passes: Fields | None = None
    share: Share | None = None
    """What kind of share it needs; one that nothing is special about otherwise."""
    exits: bool = False
    """Whether it is an exit that is refused."""

    @property
    def name(self) -> str:
        """Of its Strategy."""
        return self.code.replace("_", "-")

    @property
    def symbol(self) -> str:
        """Of its share."""
        return self.name.upper()


class ByAccount(NamedTuple):
    """What a Broker's resource says while signals are refused, and which Strategy's signals are looked at for what."""

    change: Fields
    refuses: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Code, Strategy, and what a trader must find in the reason."""


def params(**fields: object) -> Fields:
    """Parameters of a probe that take the place of its usual ones."""
    return {"params": {**ONE_AT_A_TIME, **fields}}


def protections(**fields: object) -> Fields:
    """A Strategy's pauses."""
    return {"risk": {"maxPositionValue": "50000", "protections": fields}}


BY_STRATEGY = (
    ByStrategy("no_stop", ("levels.stopLossPercent",), params(stopPercent=None)),
    ByStrategy("bad_levels", ("stop loss", "reference price", "levels"), params(limitPercent=3, stopPercent=-1)),
    ByStrategy("short_needs_mis", ("MIS", "product"), params(side="SELL")),
    ByStrategy("duplicate_position", ("duplicate-position",), params(turns=["E"])),
    ByStrategy(
        "max_orders_per_minute",
        ("risk.maxOrdersPerMinute",),
        {"risk": {"maxOrdersPerMinute": 1}},
    ),
    ByStrategy(
        "price_band", ("10 %",), {"params": params(stopPercent=12)["params"]}, share=Share("PRICE-BAND", band="10")
    ),
    ByStrategy("risk_per_trade", ("sizing.riskPercent",), {"sizing": {"riskPercent": "0.0001"}}),
    ByStrategy(
        "kelly",
        ("sizing.kelly.fraction",),
        {"sizing": {"method": "Kelly", "kelly": {**_KELLY, "fraction": "0.0001"}}},
        {"sizing": {"method": "Kelly", "kelly": _KELLY}},
    ),
    ByStrategy(
        "kelly_unknown",
        ("sizing.kelly.winRatePercent", "sizing.kelly.minTrades"),
        {"sizing": {"method": "Kelly", "kelly": {"minTrades": 10_000}}},
        {"sizing": {"method": "Kelly", "kelly": _KELLY}},
    ),
    ByStrategy(
        "kelly_no_edge",
        ("sizing.kelly",),
        {"sizing": {"method": "Kelly", "kelly": {**_KELLY, "winRatePercent": "40"}}},
        {"sizing": {"method": "Kelly", "kelly": _KELLY}},
    ),
    ByStrategy(
        "volatility",
        ("sizing.riskPercent",),
        {"sizing": {"method": "Volatility", "riskPercent": "0.0001"}, **params(atrPaise=2_000)},
        {"sizing": {"method": "Volatility", "riskPercent": "0.01"}, **params(atrPaise=2_000)},
    ),
    ByStrategy(
        "atr_missing",
        ("sizing.method",),
        {"sizing": {"method": "Volatility", "riskPercent": "0.01"}},
        {"sizing": {"method": "Volatility", "riskPercent": "0.01"}, **params(atrPaise=2_000)},
    ),
    ByStrategy("max_position", ("risk.maxPositionValue",), {"risk": {"maxPositionValue": "1999"}}),
    ByStrategy("max_order_value", ("risk.maxOrderValue",), {"risk": {"maxOrderValue": "1999"}}),
    ByStrategy(
        "liquidity",
        ("sizing.maxVolumePercent",),
        {"sizing": {"maxVolumePercent": "0.1"}, **params(barVolume=500)},
        {"sizing": {"maxVolumePercent": "10"}, **params(barVolume=500)},
    ),
    ByStrategy("strategy_daily_loss", ("risk.maxDailyLoss", "entries again from"), {"risk": {"maxDailyLoss": "1"}}),
    ByStrategy("cooldown", ("risk.protections.cooldownMinutes", "entries again from"), protections(cooldownMinutes=5)),
    ByStrategy(
        "stop_loss_guard",
        ("risk.protections.stopLossGuard", "entries again from"),
        {**params(turns=["E"]), **protections(stopLossGuard={"stops": 1, "lookbackMinutes": 60, "pauseMinutes": 5})},
        params(turns=["E"]),
        share=Share("STOP-LOSS-GUARD", dips=True),
    ),
    ByStrategy(
        "low_profit",
        ("risk.protections.lowProfit", "entries again from"),
        protections(lowProfit={"trades": 1, "lookbackMinutes": 60, "pauseMinutes": 5, "minProfit": "1"}),
    ),
    ByStrategy(
        "consecutive_losses",
        ("risk.protections.consecutiveLosses", "entries again from"),
        protections(consecutiveLosses={"losses": 1, "pauseMinutes": 5}),
    ),
    ByStrategy("no_position", ("no CNC position",), params(turns=["X"]), exits=True),
    ByStrategy("wrong_side", ("BUY",), params(turns=["E", "", "W", "", "X", ""]), exits=True),
    ByStrategy("exit_pending", ("under way",), params(turns=["E", "", "XX", ""]), exits=True),
)

FOREVER = {
    "freeze_quantity": ("freeze-quantity", ("10 < lot 20", "the exchange's limit for FREEZE-QUANTITY")),
}
"""What no change of a resource lets pass, with its Strategy and what is said: a share of which the exchange takes no
lot."""

AIM, PLAIN, SLIP, AGED, GAPPY, DAILY = "aim", "plain", "slip", "aged", "gappy", "daily"
"""Strategies that the cases of the account look at; what each is for is in `resources`."""

BY_ACCOUNT = (
    ByAccount({"halted": True}, (("trading_halted", AIM, ("halted",)),)),
    ByAccount(
        {
            "account": {
                "maxOpenPositions": 1,
                "maxSwingPositions": 1,
                "minRewardRisk": "3",
                "maxPriceDeviationPercent": "1",
                "maxDataAgeSeconds": 120,
                "maxDataGapSeconds": 120,
            }
        },
        (
            ("max_open_positions", AIM, ("account.maxOpenPositions",)),
            ("max_swing_positions", AIM, ("account.maxSwingPositions",)),
            ("reward_risk", AIM, ("account.minRewardRisk",)),
            ("far_from_market", SLIP, ("account.maxPriceDeviationPercent",)),
            ("stale_data", AGED, ("account.maxDataAgeSeconds",)),
            ("data_gap", GAPPY, ("account.maxDataGapSeconds",)),
        ),
    ),
    ByAccount(
        {"account": {"maxIntradayPositions": 1}},
        (("max_intraday_positions", DAILY, ("account.maxIntradayPositions",)),),
    ),
    ByAccount(
        {"account": {"maxOrdersPerMinute": 1}},
        (("max_orders_per_minute", AIM, ("account.maxOrdersPerMinute",)),),
    ),
    ByAccount(
        {"account": {"maxRiskPercent": "0.0001"}},
        (("max_risk_per_trade", AIM, ("account.maxRiskPercent",)),),
    ),
    ByAccount(
        {"account": {"maxPositionPercent": "0.0001"}},
        (("max_position_percent", AIM, ("account.maxPositionPercent",)),),
    ),
    ByAccount(
        {"account": {"maxSectorPercent": "0.0001"}},
        (("sector_concentration", AIM, ("account.maxSectorPercent",)),),
    ),
    ByAccount({"account": {"minCashReserve": "9999999"}}, (("cash", AIM, ("account.minCashReserve",)),)),
    ByAccount({"paper": {"charges": {"asOf": "2015-01-01"}}}, (("no_charges", AIM, ("paper.charges.asOf",)),)),
    ByAccount(
        {"account": {"minEdgeMultiple": "900"}},
        (
            ("edge_below_cost", AIM, ("account.minEdgeMultiple",)),
            ("edge_unknown", PLAIN, ("levels", "account.minEdgeMultiple")),
        ),
    ),
)
"""A signal is told every reason, so limits that do not keep signals from one another are changed together. Of the rules
that a size must fit only the tightest is told, so these come one by one."""

BREAKERS = {
    "max_drawdown": "account.drawdownPercent",
    "daily_loss": "account.maxDailyLossPercent",
    "weekly_loss": "account.maxWeeklyLossPercent",
    "monthly_loss": "account.maxMonthlyLossPercent",
}
"""The account's breakers by their code, and the settings that they name."""

BY_THE_CLOCK = {"intraday_cutoff": DAILY, "market_phase": "auction"}
"""What the time of day refuses, and of which Strategy. The exchange's timetable is no setting."""

LIVE_ONLY = frozenset({"signal_expired", "halts_unreadable", "delayed_data"})
"""In a replay a signal waits, the switch in Redis is not asked, and no price is late. `tests/integration/kill_switch`
shows the first two live, `tests/unit/risk_manager` the third."""

UNREACHABLE = {
    "unknown_instrument": "the runner gives a strategy only instruments of the table that the risk manager has, too",
    "broker_unknown": "a Broker's topics and its risk manager begin with its resource, which is read before any signal",
    "broker_deleted": "the risk manager of a deleted Broker ends with it",
    "broker_invalid": "`panda apply` refuses such a resource; one of another release could be on the log",
    "strategy_not_running": "the runner stops or withholds in the very epoch in which the risk manager learns of it",
    "not_its_instrument": "likewise: a strategy is given only the bars of its instruments",
    "market_closed": "the feed sets aside what is outside a session; what follows from a last bar waits for the next",
    "market_unknown": "the feed sets aside days that the session table does not cover, and the timetables cover all",
    "bad_prices": "an Enter with prices that its type does not take cannot be made: its strategy is quarantined",
    "off_tick_grid": "the runner moves every price of an Enter to the tick, away from the entry",
}
"""What these look for cannot come to the risk manager through the pipeline; unit tests ask it directly. It still looks,
because a signal may be written by another release or a fault, and money hangs on it."""
