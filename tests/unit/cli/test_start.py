"""`panda up` refuses what does not fit the run before it changes anything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from alpha_panda.cli.resource_files import read_resources
from alpha_panda.cli.start import StartOptions, start
from alpha_panda.errors import InputError
from alpha_panda.local.identity import own_start_time
from alpha_panda.local.layout import Layout
from alpha_panda.local.platform import Platform
from alpha_panda.local.run_file import FeedChoice, Run, load_run, save_run
from alpha_panda.local.status_file import Phase, PlatformStatus, save_status

MARKET = Path(__file__).parents[3] / "examples" / "market"
NOTHING: dict[str, Any] = dict.fromkeys(StartOptions.__struct_fields__) | {
    "rate": 100,
    "seed": 1,
    "speed": "max",
    "again": False,
    "wait": False,
}
BEFORE = Run(partitions=2, platform={"prefix": "demo_"}, feed=FeedChoice(source="replay", path=str(MARKET)))


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A run that was started before and is down."""
    made = Layout(tmp_path / "data")
    made.create()
    save_run(made, BEFORE)
    return made


def refusal(layout: Layout, **options: object) -> InputError:
    with pytest.raises(InputError) as refused:
        start(Platform(layout), StartOptions(**{**NOTHING, **options}), [])
    assert load_run(layout) == BEFORE, "nothing changed"
    return refused.value


def test_another_number_of_partitions_needs_a_new_run(layout: Layout):
    error = refusal(layout, partitions=4)
    assert "started with partitions 2, and 4 is asked for" in str(error)
    assert "--again" in str(error.remedy)


def test_another_market_needs_a_new_run(layout: Layout, tmp_path: Path):
    assert f"is fed by a replay of {MARKET}" in str(refusal(layout, replay=tmp_path))
    assert "a synthetic market of 5 instruments" in str(refusal(layout, synthetic=5))


def test_waiting_for_the_end_of_a_market_without_end_is_refused_before_anything_starts(tmp_path: Path):
    layout = Layout(tmp_path / "data")
    with pytest.raises(InputError, match="--wait waits for the end of a replay, and this run has none"):
        start(Platform(layout), StartOptions(**{**NOTHING, "synthetic": 5, "wait": True}), [])
    assert not layout.root.exists()


def test_another_prefix_needs_a_new_run(layout: Layout, tmp_path: Path):
    config = tmp_path / "settings.yaml"
    config.write_text("platform: {prefix: other_}")
    assert "started with prefix 'demo_', and 'other_' is asked for" in str(refusal(layout, config=config))


def test_a_wrong_settings_file_is_refused(layout: Layout, tmp_path: Path):
    config = tmp_path / "settings.yaml"
    config.write_text("logz: {}")
    assert "logz is no setting: did you mean logs?" in str(refusal(layout, config=config))
    assert "cannot be read" in str(refusal(layout, config=tmp_path / "nowhere.yaml"))


def test_too_many_partitions_together_are_told_with_the_limit(tmp_path: Path):
    config = tmp_path / "settings.yaml"
    config.write_text("platform: {partition_multiplier: 2}")
    layout = Layout(tmp_path / "data")
    with pytest.raises(InputError, match="partitions 200 x partition_multiplier 2 = 400; allowed: at most 256"):
        start(Platform(layout), StartOptions(**{**NOTHING, "partitions": 200, "config": config}), [])
    assert not layout.root.exists()


def test_a_wrong_speed_is_told_in_one_line(layout: Layout):
    error = refusal(layout, replay=MARKET, speed="fast")
    assert str(error).splitlines() == ["feed.speed is 'fast': a factor above 0 (60 = an hour a minute) or max"]


def test_the_port_of_a_running_api_cannot_be_changed(layout: Layout):
    status = PlatformStatus(pid=os.getpid(), started=own_start_time(), phase=Phase.SERVING, api_port=8081)
    save_status(layout, status)
    error = refusal(layout, api_port=9090)
    assert "served on port 8081, and --api-port asks for 9090" in str(error)
    assert "panda down" in str(error.remedy)


def test_an_exchange_is_not_fed_with_prices_that_come_late(tmp_path: Path):
    file = tmp_path / "broker.yaml"
    file.write_text(
        "apiVersion: alphapanda.io/v1alpha1\nkind: Broker\nmetadata: {name: zerodha}\n"
        "spec: {type: Zerodha, credentialsSecretRef: {name: kite}}\n"
    )
    layout = Layout(tmp_path / "data")
    with pytest.raises(InputError, match="--yahoo feeds prices that come late, and zerodha trades at an exchange"):
        start(Platform(layout), StartOptions(**{**NOTHING, "yahoo": True}), read_resources([str(file)]))
    assert load_run(layout) is None
