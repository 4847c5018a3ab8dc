"""The user's YAML of settings: checked whole, split between the plan and the services, kept with the run."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from alpha_panda.errors import InputError
from alpha_panda.events.topics import BARS
from alpha_panda.local.layout import Layout
from alpha_panda.local.user_settings import UserSettings, keep_user_settings, read_user_settings

DOCUMENTED = Path(__file__).parents[3] / "docs" / "settings.md"


def read(folder: Path, text: str) -> UserSettings:
    file = folder / "settings.yaml"
    file.write_text(text)
    return read_user_settings(file)


def refusal(folder: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as refused:
        read(folder, text)
    return [line.removeprefix(f"{folder}/") for line in str(refused.value).splitlines()]


def test_platform_goes_to_the_plan_and_the_rest_to_the_services(tmp_path: Path):
    found = read(tmp_path, "platform: {prefix: demo_, partitions: '4'}\nlogs: {level: debug}")
    assert found.platform == {"prefix": "demo_", "partitions": 4}
    assert found.services == {"logs": {"level": "debug"}}


def test_an_empty_file_says_nothing(tmp_path: Path):
    assert read(tmp_path, "") == UserSettings()


def test_every_mistake_is_told_with_its_place(tmp_path: Path):
    text = "platform:\n  partition: 4\n  topics: {market.tickz: {retention_days: 3}}\nlogs:\n  level: loud\n"
    told = refusal(tmp_path, text)
    assert any(line.startswith("settings.yaml:2:14: platform.partition is no setting") for line in told)
    assert any(line.startswith("settings.yaml:5:10: logs.level:") and "'loud'" in line for line in told)


def test_a_topic_that_is_not_in_the_table_is_refused(tmp_path: Path):
    (told,) = refusal(tmp_path, "platform:\n  topics: {market.tickz: {retention_days: 3}}\n")
    assert "'market.tickz' is not in the table" in told


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("service: {name: api}", "service"),
        ("kafka: {bootstrap: 'h:1'}", "kafka.bootstrap"),
        ("run: {pacing: epochs}", "run.pacing"),
        ("postgres: {port: 1}", "postgres"),
    ],
)
def test_what_panda_up_sets_itself_is_refused(tmp_path: Path, text: str, setting: str):
    assert any(f"{setting} is set by `panda up` itself" in line for line in refusal(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("platform: {replication: 3}", "platform.replication is 3"),
        (f"platform: {{topics: {{{BARS.name}: {{replication: 2}}}}}}", f"platform.topics.{BARS.name}.replication is 2"),
    ],
)
def test_more_replicas_than_the_embedded_kafka_has_nodes_are_refused(tmp_path: Path, text: str, setting: str):
    (told,) = refusal(tmp_path, text)
    assert setting in told
    assert "one node" in told


def test_what_services_read_is_kept_under_another_name_for_each_content(tmp_path: Path):
    layout = Layout(tmp_path / "data")
    layout.create()
    first = keep_user_settings(layout, UserSettings(services={"logs": {"level": "debug"}}))
    second = keep_user_settings(layout, UserSettings(services={"logs": {"level": "info"}}))
    assert first != second
    assert keep_user_settings(layout, UserSettings(services={"logs": {"level": "debug"}})) == first
    assert yaml.safe_load(Path(first).read_text()) == {"logs": {"level": "debug"}}


def test_the_documented_example_is_accepted(tmp_path: Path):
    """`docs/settings.md` shows a whole file."""
    _, _, rest = DOCUMENTED.read_text().partition("```yaml\n")
    example, _, _ = rest.partition("```")
    found = read(tmp_path, example)
    assert found.platform
    assert found.services
