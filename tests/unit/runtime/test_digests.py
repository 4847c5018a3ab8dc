"""Events of services that move money say by which code and settings they were written, and no secret."""

from __future__ import annotations

import msgspec
from pydantic import SecretStr

from alpha_panda.runtime.digests import code_digest, config_digest, origin_of
from alpha_panda.runtime.settings import HttpSettings, KafkaSettings, PlatformSection, ServiceSection, ServiceSettings

SERVICE = ServiceSection(name="paper.risk-manager", broker="paper")


def settings(word: str = "a", partitions: int = 1, port: int = 1) -> ServiceSettings:
    return ServiceSettings(
        service=SERVICE,
        kafka=KafkaSettings(username="u", password=SecretStr(word)),
        platform=PlatformSection(partitions=partitions),
        http=HttpSettings(port=port),
    )


def test_a_brokers_service_names_its_code_and_settings():
    origin = origin_of(settings(), "paper.risk-manager")
    assert (origin.source, origin.broker) == ("paper.risk-manager", "paper")
    assert (origin.code, origin.config) == (code_digest(), config_digest(settings()))
    assert {len(origin.code or ""), len(origin.config or "")} == {16}


def test_a_shared_service_does_not():
    shared = ServiceSettings(service=ServiceSection(name="bar-builder"))
    assert msgspec.structs.asdict(origin_of(shared, "bar-builder/3")) == {
        "source": "bar-builder/3",
        "broker": None,
        "fence": None,
        "code": None,
        "config": None,
    }


def test_a_setting_that_decides_something_changes_the_digest_and_a_secret_or_a_port_does_not():
    assert config_digest(settings(partitions=2)) != config_digest(settings())
    assert config_digest(settings(word="b", port=2)) == config_digest(settings())
