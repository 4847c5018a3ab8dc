"""What the operator is told of its installation: whatever is wrong is told at once, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from alpha_panda.errors import InputError
from alpha_panda_operator.installation import CONFIG, SECRETS, load_installation, load_secrets
from alpha_panda_operator.main import read_place

VALUES = {
    "name": "alpha-panda",
    "namespaces": ["trading"],
    "image": "registry.example/services:1",
    "kafka": {"bootstrap": "kafka:9092"},
    "redis": {"host": "redis", "port": 6379},
    "postgres": {"host": "postgres", "port": 5432},
}


def refused(tmp_path: Path, **changes: object) -> str:
    file = tmp_path / "installation.yaml"
    file.write_text(yaml.safe_dump({**VALUES, **changes}))
    with pytest.raises(InputError) as error:
        load_installation({CONFIG: str(file)})
    return str(error.value)


def test_a_whole_file_is_taken_and_names_follow_from_the_installation_s(tmp_path: Path):
    file = tmp_path / "installation.yaml"
    file.write_text(yaml.safe_dump(VALUES))
    found = load_installation({CONFIG: str(file)})
    assert (found.feed_name, found.owner_name, found.token_secret) == (
        "alpha-panda-feed",
        "alpha-panda-operator",
        "alpha-panda-api-token",
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"namespace": "trading"}, "namespace is no setting"),
        ({"namespaces": []}, "namespaces"),
        ({"name": "Alpha_Panda"}, "name"),
        ({"kafka": {"bootstrap": "kafka"}}, "kafka.bootstrap"),
        ({"settings": {"logs": {"levl": "debug"}}}, "logs.levl"),
        ({"settings": {"run": {"pacing": "epochs"}}}, "run.pacing is set by the operator itself"),
        ({"settings": {"zerodha": {"broker": "zerodha"}}}, "zerodha.broker is set by the operator itself"),
        ({"settings": {"zerodha": {"keys": "/keys"}}}, "zerodha.keys is set by the operator itself"),
        ({"api": {"origins": ["*"]}}, "api.origins"),
        ({"exchange": {"ports": []}}, "exchange.ports"),
        ({"platform": {"prefix": "demo"}}, "platform.prefix"),
    ],
)
def test_a_wrong_file_is_refused_at_its_place(tmp_path: Path, changes: dict[str, object], said: str):
    assert said in refused(tmp_path, **changes)


def test_a_secret_that_is_missing_or_empty_is_named(tmp_path: Path):
    with pytest.raises(InputError, match="master-secret cannot be read"):
        load_secrets({SECRETS: str(tmp_path)})
    (tmp_path / "master-secret").write_text("\n")
    with pytest.raises(InputError, match="master-secret is empty"):
        load_secrets({SECRETS: str(tmp_path)})


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "POD_NAMESPACE is not set"),
        ({"POD_NAMESPACE": "x", "PANDA_OPERATOR_LOG_LEVEL": "loud"}, "'loud'; allowed: debug"),
        ({"POD_NAMESPACE": "x", "PANDA_OPERATOR_PORT": "http"}, "'http'"),
    ],
)
def test_a_pod_that_is_told_nonsense_says_what(environment: dict[str, str], said: str):
    with pytest.raises(InputError, match=said):
        read_place(environment)
