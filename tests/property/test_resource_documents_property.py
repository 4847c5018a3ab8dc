"""What reading resources keeps, whatever the text."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from hypothesis import given
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
from alpha_panda.resources.documents import Document, read_documents, read_object, write_object
from alpha_panda.resources.fields import paise
from alpha_panda.resources.problems import Problem, ResourceError
from alpha_panda.resources.rules import validate_change
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
from alpha_panda.resources.yaml_text import write_yaml

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


@given(resources)
def test_a_resource_survives_its_way_through_yaml(resource: Broker | Strategy) -> None:
    (document,) = read_documents(write_yaml(write_object(resource)), "x")
    assert document.resource == resource


@given(resources)
def test_a_resource_survives_its_way_through_a_store(resource: Broker | Strategy) -> None:
    assert read_object(write_object(resource), "store") == resource


@given(resources)
def test_a_resource_may_always_stay_as_it_is(resource: Broker | Strategy) -> None:
    assert validate_change(resource, resource) == ()


def read(text: str) -> tuple[list[Document], tuple[Problem, ...]]:
    """The resources of the text, or else its mistakes."""
    try:
        return read_documents(text, "x.yaml"), ()
    except ResourceError as error:
        return [], error.problems


@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"%@#,?~ \n\t1.é\u2028\x00<"), max_size=60) | st.text(max_size=60))
def test_no_text_gets_more_than_lines_of_mistakes(text: str) -> None:
    documents, problems = read(text)
    assert documents == []
    assert all(str(problem).startswith("x.yaml:") and str(problem).isprintable() for problem in problems)


def _replaced(value: object, dice: Callable[[], int], junk: object) -> object:
    """The value with one of its leaves or branches replaced."""
    if isinstance(value, dict) and value and dice() < 7:
        key = sorted(value)[dice() % len(value)]
        return value | {key: _replaced(value[key], dice, junk)}
    if isinstance(value, list) and value and dice() < 7:
        index = dice() % len(value)
        return [*value[:index], _replaced(value[index], dice, junk), *value[index + 1 :]]
    return junk


@given(resources, st.data(), json_values)
def test_a_wrong_value_anywhere_is_refused_in_lines_or_means_a_valid_resource(
    resource: Broker | Strategy, data: st.DataObject, junk: object
) -> None:
    changed = _replaced(write_object(resource), lambda: data.draw(st.integers(0, 9)), junk)
    documents, problems = read(write_yaml(changed))
    assert bool(documents) != bool(problems) or changed is None
    assert all(problem.line >= 1 and str(problem).isprintable() for problem in problems)
    assert all(read_object(write_object(each.resource), "x") == each.resource for each in documents)


@given(st.integers(0, 10**13))
def test_money_and_paise_are_two_ways_to_write_one_amount(amount: int) -> None:
    assert paise(f"{amount // 100}.{amount % 100:02d}") == amount
