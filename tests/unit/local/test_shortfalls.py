"""What a run cannot give is said, so that silence is never mistaken for a strategy without a signal."""

import csv
import dataclasses
from datetime import date
from pathlib import Path

import pytest
from tests.unit.topology.stored_resources import paper, strategy, zerodha

from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.local.shortfalls import shortfalls
from alpha_panda.resources.account_limits import AccountLimits
from alpha_panda.resources.broker import Charges, PaperSettings
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import Levels
from alpha_panda.topology.claims import settle


def said(*resources: StoredResource, table: Path | None = None) -> tuple[str, ...]:
    """The sentences for these resources, with the table that ships or another."""
    return tuple(map(str, shortfalls(settle(resources), load_instruments(table))))


def changed(stored: StoredResource, **fields: object) -> StoredResource:
    """The resource with these fields of its spec."""
    resource = stored.resource.model_copy(update={"spec": stored.resource.spec.model_copy(update=fields)})
    return dataclasses.replace(stored, resource=resource)


def test_a_paper_broker_with_a_strategy_on_a_listed_instrument_lacks_nothing() -> None:
    assert said(paper(), strategy()) == ()


def test_a_broker_at_the_exchange_lacks_nothing_either() -> None:
    assert said(paper(), zerodha("kite")) == ()


def test_an_instrument_outside_the_runs_table_is_named_with_its_strategy_and_the_table(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    shipped = Path(__file__).parents[3] / "examples" / "instruments.csv"
    with shipped.open() as source, table.open("w") as target:
        rows = list(csv.reader(source))
        csv.writer(target).writerows(row for row in rows if "RELIANCE" not in row)
    (sentence,) = said(paper(), strategy(), table=table)
    assert sentence == f"Strategy momentum names NSE:RELIANCE, which is not in {table}: it is not traded"


def test_a_strategy_that_is_not_run_at_all_has_its_conflict_and_no_second_sentence(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(
        (Path(__file__).parents[3] / "examples" / "instruments.csv").read_text().replace("RELIANCE", "OTHER")
    )
    assert said(strategy("momentum", "nowhere"), table=table) == ()


@pytest.mark.parametrize(
    ("levels", "least", "aims"),
    [
        ({"stop_loss_percent": "2", "target_percent": "1"}, "1.5", "0.5"),
        ({"stop_loss_percent": "1", "reward_risk": "1.4"}, "1.5", "1.4"),
        ({"stop_loss_percent": "1", "reward_risk": "1.5"}, "1.5", None),
        ({"stop_loss_percent": "2", "target_percent": "1"}, "0", None),
        ({"stop_loss_percent": "2"}, "1.5", None),
        ({"target_percent": "1"}, "1.5", None),
    ],
)
def test_levels_that_no_broker_will_let_through_are_named_with_both_figures(
    levels: dict[str, str], least: str, aims: str | None
) -> None:
    broker = changed(paper(), account=AccountLimits(min_reward_risk=least))
    sentences = said(broker, changed(strategy(), levels=Levels(**levels)))
    if aims is None:
        assert sentences == ()
    else:
        (sentence,) = sentences
        assert sentence.startswith(f"Strategy momentum aims at {aims} times its risk (spec.levels), and Broker paper")
        assert f"nothing below {least} (spec.account.minRewardRisk)" in sentence


@pytest.mark.parametrize(("as_of", "lacks"), [(date(2019, 1, 1), True), (date(2026, 4, 1), False), (None, False)])
def test_charges_as_on_a_day_before_their_table_are_told(as_of: date | None, lacks: bool) -> None:  # noqa: FBT001 - a case
    sentences = said(changed(paper(), paper=PaperSettings(charges=Charges(as_of=as_of))))
    assert [sentence.startswith("Broker paper charges as on 2019-01-01") for sentence in sentences] == [True] * lacks
