"""What a run cannot give is said, so that silence is never mistaken for a strategy without a signal."""

import csv
from pathlib import Path

from tests.unit.topology.stored_resources import MASTER_SECRET, paper, strategy, zerodha

from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.local.shortfalls import shortfalls
from alpha_panda.resources.stored import StoredResource
from alpha_panda.topology.planner import plan
from alpha_panda.topology.settings import PlatformSettings


def said(*resources: StoredResource, table: Path | None = None) -> tuple[str, ...]:
    """The sentences for these resources, with the table that ships or another."""
    wanted = plan(resources, PlatformSettings(), MASTER_SECRET)
    return shortfalls(wanted, resources, load_instruments(table))


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
