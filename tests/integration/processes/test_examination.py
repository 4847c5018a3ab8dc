"""Before a strategy is registered it shows on a made-up market that it decides by what it was given so far alone."""

from pathlib import Path

import pytest
from tests.support.strategy_bars import needed

from alpha_panda.cli import examining
from alpha_panda.cli.examining import Asked, Examined, examine_all
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.strategy import BUILT_IN, Context, decisions, load_strategy
from alpha_panda.strategy.examination import BARS, examine, made_up_market

ONE = (Timeframe.M1,)


@pytest.fixture(autouse=True)
def _peeking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "unit" / "strategies")


def asked(name: str) -> Asked:
    return Asked(strategy=f"peeking:{name}", params="{}", timeframes=ONE)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_no_shipped_strategy_looks_ahead(name: str) -> None:
    assert examine(name, needed(name), ONE) is None


def test_the_made_up_market_makes_shipped_strategies_decide() -> None:
    deciding = set()
    for name in BUILT_IN:
        context = Context(strategy=name, instrument_token=1, tick_size_paise=5, timeframes=ONE)
        strategy = load_strategy(name, needed(name), ONE).instance(context)
        if decisions(strategy, [each for each in made_up_market(ONE) if isinstance(each, Bar)]):
            deciding.add(name)
    assert len(deciding) >= len(BUILT_IN) - 2, deciding


@pytest.mark.parametrize("timeframes", [ONE, (Timeframe.M15,), (Timeframe.D1,), (Timeframe.M5, Timeframe.H1)], ids=str)
def test_the_market_has_bars_of_every_length_that_is_asked_for(timeframes: tuple[Timeframe, ...]) -> None:
    bars = [each for each in made_up_market(timeframes) if isinstance(each, Bar)]
    assert {each.timeframe for each in bars} == set(timeframes)
    shortest = [each for each in bars if each.timeframe is timeframes[0]]
    assert BARS * 0.9 < len(shortest) <= BARS
    assert bars == [each for each in made_up_market(timeframes) if isinstance(each, Bar)]


def test_a_strategy_whose_instances_share_what_they_saw_is_told_with_the_first_bar() -> None:
    found = examine("peeking:Sharing", {}, ONE)
    assert found is not None
    assert found.startswith("it decides by what it cannot know yet: at the 1m bar that ends at 2024-01-01 09:")
    assert 'it wants to enter by BUY ("it will rise") where more follows, and nothing where the market ends' in found


def test_a_strategy_that_peeks_by_ticks_is_told_with_the_first_tick() -> None:
    found = examine("peeking:SharingTicks", {}, ONE)
    assert found is not None
    assert "at the tick of 2024-01-01 09:" in found


def test_one_that_guesses_is_told_like_one_that_knows() -> None:
    assert "random numbers" in (examine("peeking:Guessing", {}, ONE) or "")


def test_nonsense_that_is_the_same_nonsense_either_way_knows_no_future() -> None:
    assert examine("peeking:NotANumber", {}, ONE) is None


def test_what_cannot_be_examined_is_said_and_keeps_no_other_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "PROCESSOR_SECONDS", "0.5")
    names = ["Honest", "Failing", "Looping", "Sharing", "Ending", "Guessing", "Honest"]
    found = examine_all([asked(name) for name in names])
    honest, failing, looping, sharing, ending, guessing, again = found
    assert honest == again == Examined()
    assert (failing.failure or "").startswith("it raises ZeroDivisionError: nothing at 2024-01-01")
    assert looping.failure == "it takes more than 0.5 s of processor time"
    assert ending.failure == "its process ended with 3"
    for each in (sharing, guessing):
        assert each.finding is not None


def test_nothing_is_asked_of_nobody() -> None:
    assert examine_all([]) == []
