"""What a run is to do, kept in its data directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from alpha_panda.errors import InputError
from alpha_panda.local.layout import Layout
from alpha_panda.local.run_file import FeedChoice, Run, load_run, path_of, save_run


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "data")
    made.create()
    return made


def test_a_run_that_was_never_started_has_no_choices(layout: Layout):
    assert load_run(layout) is None


def test_choices_are_kept(layout: Layout):
    run = Run(partitions=4, platform={"prefix": "demo_"}, feed=FeedChoice(source="replay", path="/market", speed="60"))
    save_run(layout, run)
    assert load_run(layout) == run
    assert path_of(layout).stat().st_mode & 0o077 == 0


def test_a_damaged_file_is_told_with_the_remedy(layout: Layout):
    path_of(layout).write_text('{"partitions": "four"}')
    with pytest.raises(InputError, match=r"run\.json is damaged") as refused:
        load_run(layout)
    assert "panda reset" in str(refused.value.remedy)


def test_another_speed_is_the_same_market_and_another_path_is_not():
    replay = FeedChoice(source="replay", path="/market")
    assert replay.names_same_market(FeedChoice(source="replay", path="/market", speed="600"))
    assert not replay.names_same_market(FeedChoice(source="replay", path="/elsewhere"))


@pytest.mark.parametrize(("source", "pacing"), [("replay", "epochs"), ("none", "epochs"), ("synthetic", "arrival")])
def test_a_replay_keeps_time_by_epochs_and_a_made_up_market_as_it_comes(source: str, pacing: str):
    assert Run(feed=FeedChoice(source=source)).pacing == pacing


def test_the_plan_is_made_with_the_runs_partitions_and_the_users_platform():
    settings = Run(partitions=2, platform={"partition_multiplier": 3, "partitions": 9}).platform_settings
    assert (settings.partitions, settings.pipeline_partitions) == (2, 6)


def test_the_digest_tells_choices_apart():
    assert Run().digest == Run().digest
    assert len({Run().digest, Run(partitions=2).digest, Run(feed=FeedChoice(speed="60")).digest}) == 3
