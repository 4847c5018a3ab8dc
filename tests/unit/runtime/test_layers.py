"""The layers of a service's settings: which wins, and how a mistake in any of them is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from alpha_panda.errors import InputError
from alpha_panda.runtime.layers import load_settings


class Layers:
    """A YAML file, the environment and a folder of secrets, to be filled by a test."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._patch = monkeypatch

    def yaml(self, text: str) -> None:
        (self.folder / "settings.yaml").write_text(text)
        self.env(PANDA_CONFIG=str(self.folder / "settings.yaml"))

    def env(self, **values: str) -> None:
        for name, value in values.items():
            self._patch.setenv(name, value)

    def secret(self, name: str, text: str) -> None:
        secrets = self.folder / "secrets"
        secrets.mkdir(exist_ok=True)
        (secrets / name).write_text(text)
        self.env(PANDA_SECRETS=str(secrets))


@pytest.fixture
def layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layers:
    return Layers(tmp_path, monkeypatch)


def refusal() -> str:
    with pytest.raises(InputError) as refused:
        load_settings()
    return str(refused.value)


def test_defaults_hold_where_nothing_is_set():
    assert load_settings().kafka.bootstrap == "127.0.0.1:9092"


def test_the_file_wins_over_defaults_the_environment_over_the_file_and_a_secret_over_all(layers: Layers):
    layers.yaml("redis: {host: from-file, port: 7000, password: from-file}\nlogs: {level: debug}")
    settings = load_settings()
    assert (settings.redis.host, settings.redis.port, settings.logs.level) == ("from-file", 7000, "debug")
    layers.env(PANDA_REDIS__HOST="from-environment", PANDA_REDIS__PASSWORD="from-environment")
    settings = load_settings()
    assert settings.redis.password is not None
    assert (settings.redis.host, settings.redis.port) == ("from-environment", 7000)
    assert settings.redis.password.get_secret_value() == "from-environment"
    layers.secret("redis__password", "from-secret")
    settings = load_settings()
    assert settings.redis.password is not None
    assert settings.redis.password.get_secret_value() == "from-secret"
    assert settings.redis.host == "from-environment"


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("PANDA_KAFKA__BOOTSTRP", "PANDA_KAFKA__BOOTSTRP is no setting: did you mean PANDA_KAFKA__BOOTSTRAP?"),
        ("PANDA_KAFKA_BOOTSTRAP", "PANDA_KAFKA_BOOTSTRAP is no setting: did you mean PANDA_KAFKA__BOOTSTRAP?"),
        ("PANDA_QQQQQQQQQQQQQ", "PANDA_QQQQQQQQQQQQQ is no setting"),
        ("PANDA_SECRET", "PANDA_SECRET is no setting"),
    ],
)
def test_an_unknown_variable_is_refused_with_what_was_probably_meant(layers: Layers, variable: str, told: str):
    layers.env(**{variable: "x"})
    assert refusal().startswith(told)


def test_the_commands_own_variables_are_no_mistake(layers: Layers):
    layers.env(PANDA_DATA_DIR="/data", PANDA_ACTOR="asha")
    assert load_settings()


def test_an_unknown_secret_file_is_refused_and_its_text_not_shown(layers: Layers):
    layers.secret("kafka__pasword", "hunter2")
    told = refusal()
    assert "kafka__pasword is no setting: did you mean kafka__password?" in told
    assert "hunter2" not in told


def test_what_kubernetes_keeps_in_a_folder_of_secrets_is_no_mistake(layers: Layers):
    layers.secret("redis__password", "right")
    hidden = layers.folder / "secrets" / "..data"
    hidden.mkdir()
    (hidden / "redis__password").write_text("right")
    assert load_settings().redis.password is not None


def test_an_unknown_name_in_the_file_is_refused_with_what_was_probably_meant(layers: Layers):
    layers.yaml("kafka: {profile: {poll_recods: 5}}\nlogz: {level: info}")
    assert refusal().splitlines() == [
        "kafka.profile.poll_recods is no setting: did you mean kafka.profile.poll_records?",
        "logz is no setting: did you mean logs?",
    ]


def test_a_wrong_value_is_told_with_its_setting_and_limit(layers: Layers):
    layers.env(PANDA_REDIS__PORT="70000")
    assert refusal() == "redis.port: Input should be less than or equal to 65535, got '70000'"


@pytest.mark.parametrize("secret", ["kafka__password", "redis__password", "postgres__password", "api__token"])
def test_a_wrong_secret_is_told_without_its_value(layers: Layers, secret: str):
    section, name = secret.split("__")
    layers.yaml(f"{section}: {{{name}: [hunter2]}}")
    told = refusal()
    assert f"{section}.{name}" in told
    assert "hunter2" not in told


def test_half_a_credential_is_refused_and_not_shown(layers: Layers):
    layers.secret("kafka__password", "hunter2")
    told = refusal()
    assert told == "kafka: kafka.username and kafka.password go together: give both or neither"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"PANDA_FEED__SOURCE": "replay"}, "feed.source is replay but feed.path is not set"),
        ({"PANDA_FEED__SPEED": "0"}, "feed.speed is '0': a factor above 0"),
        ({"PANDA_FEED__SPEED": "²"}, "feed.speed is '²': a factor above 0"),
        (
            {"PANDA_SERVICE__TASKS": '[{"name": "t", "partitions": [0, 4]}]', "PANDA_PLATFORM__PARTITIONS": "4"},
            "service.tasks name partitions [4], but platform.partitions is 4: only 0 to 3 exist",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_named_together(layers: Layers, settings: dict[str, str], told: str):
    layers.env(**settings)
    assert told in refusal()


def test_json_in_a_variable_that_is_damaged_is_told_by_the_settings_name_alone(layers: Layers):
    layers.env(PANDA_KAFKA='{"password": "hunter2"')
    told = refusal()
    assert "kafka" in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kafka: [", "settings.yaml:1:9: not valid YAML"),
        ("- kafka", "is not one mapping of settings"),
        ("a: 1\n---\nb: 2", "is not one mapping of settings"),
        ("logs: {level: info}\nlogs: {level: debug}", "settings.yaml:2"),
    ],
)
def test_a_damaged_file_is_named_with_the_place(layers: Layers, text: str, told: str):
    layers.yaml(text)
    assert told in refusal()


def test_an_empty_file_sets_nothing(layers: Layers):
    layers.yaml("# all defaults\n")
    assert load_settings().logs.level == "info"


def test_a_file_or_folder_that_is_not_there_is_named(layers: Layers):
    layers.env(PANDA_CONFIG="/nowhere/settings.yaml")
    assert "/nowhere/settings.yaml cannot be read" in refusal()
    layers.yaml("")
    layers.env(PANDA_SECRETS="/nowhere/secrets")
    assert "/nowhere/secrets, which cannot be read" in refusal()


def test_a_services_profile_is_its_own_unless_the_file_says_otherwise(layers: Layers):
    assert load_settings().kafka.profile.poll_records == 2000
    layers.env(PANDA_SERVICE__NAME="history")
    assert load_settings().kafka.profile.poll_records == 10_000
    layers.yaml("kafka: {profile: {poll_records: 700, linger_milliseconds: 3}}")
    profile = load_settings().kafka.profile
    assert (profile.poll_records, profile.linger_milliseconds, profile.fetch_bytes) == (700, 3, 8_000_000)
    layers.yaml("kafka: {profile: {poll_records: 700}, profiles: {history: {poll_records: 9}}}")
    assert load_settings().kafka.profile.poll_records == 9


@pytest.mark.parametrize("name", ["paper.risk-manager", "risk-manager"])
def test_a_profile_is_by_service_whatever_the_broker(layers: Layers, name: str):
    layers.yaml("kafka: {profiles: {risk-manager: {poll_records: 9}}}")
    layers.env(PANDA_SERVICE__NAME=name)
    assert load_settings().kafka.profile.poll_records == 9


def test_a_strategys_own_runner_is_tuned_as_every_runner(layers: Layers):
    layers.yaml("kafka: {profiles: {strategy-runner: {poll_records: 9}}}")
    layers.env(PANDA_SERVICE__NAME="strategy-runner-momentum")
    assert load_settings().kafka.profile.poll_records == 9


def test_a_profile_of_no_service_is_refused_with_the_services(layers: Layers):
    layers.yaml("kafka: {profiles: {historie: {poll_records: 9}}}")
    assert "kafka.profiles has 'historie', which is no service: api, bar-builder" in refusal()
