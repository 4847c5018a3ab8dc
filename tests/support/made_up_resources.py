"""Resources made up by chance, all of which keep every rule."""

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from alpha_panda.resources.broker import (
    AccountLimits,
    Broker,
    BrokerMetadata,
    BrokerSpec,
    BrokerType,
    Charges,
    PaperSettings,
)
from alpha_panda.resources.strategy import (
    Exchange,
    InstrumentReference,
    Levels,
    Mode,
    Strategy,
    StrategyMetadata,
    StrategyRisk,
    StrategySpec,
    StrategyState,
    Timeframe,
)

limits = st.decimals(Decimal("0.01"), 10**12, places=2).map(str) | st.integers(1, 10**12).map(str)
"""A limit of nothing is refused: it would let nothing be entered."""
cash = st.decimals(Decimal("1000.01"), 10**12, places=2).map(str)
"""More than the reserve that an account has where it says nothing else."""
percents = st.decimals(Decimal("0.0001"), 99, places=4).map(str)
labels = st.from_regex(r"[a-f]([-a-f0-9]{0,8}[a-f0-9])?", fullmatch=True)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("abcyno01.:- é&*"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abyno1", min_size=1), inner, max_size=3),
    max_leaves=8,
)
broker_resources = st.builds(
    Broker,
    metadata=st.builds(BrokerMetadata, name=labels, labels=st.dictionaries(st.text("ab/.", max_size=4), st.text())),
    spec=st.builds(
        BrokerSpec,
        type=st.just(BrokerType.PAPER),
        halted=st.booleans(),
        account=st.builds(AccountLimits, max_daily_loss=st.none() | limits, drawdown_percent=percents),
        paper=st.none()
        | st.builds(
            PaperSettings,
            starting_cash=cash,
            charges=st.builds(Charges, as_of=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1))),
        ),
    ),
)
strategy_resources = st.builds(
    Strategy,
    metadata=st.builds(StrategyMetadata, name=labels),
    spec=st.builds(
        StrategySpec,
        strategy=st.sampled_from(["momentum", "ema_cross", "desk.ideas:Breakout"]),
        params=st.dictionaries(st.text("abyno1", min_size=1), json_values, max_size=4),
        instruments=st.lists(
            st.builds(
                InstrumentReference,
                exchange=st.sampled_from(Exchange),
                symbol=st.sampled_from(["ON", "M&M", "123", "NIFTY 50", "YES", "1E5"]),
            ),
            min_size=1,
            max_size=4,
            unique_by=str,
        ).map(tuple),
        timeframes=st.lists(st.sampled_from(Timeframe), min_size=1, unique=True).map(tuple),
        brokers=st.lists(labels, min_size=1, max_size=10, unique=True).map(tuple),
        levels=st.builds(Levels, stop_loss_percent=st.none() | percents),
        risk=st.builds(StrategyRisk, max_daily_loss=st.none() | limits),
        state=st.sampled_from(StrategyState),
        mode=st.just(Mode.PAPER),
    ),
)
resources = broker_resources | strategy_resources
