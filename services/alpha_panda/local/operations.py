"""The ways of people into the stores of a data directory's platform, as the principal `operations`."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.run_file import Run
from alpha_panda.runtime.settings import (
    KafkaProfile,
    KafkaSettings,
    PlatformSection,
    RedisSettings,
    ServiceSettings,
)
from alpha_panda.topology.names import OPERATIONS, principal
from alpha_panda.topology.operations import operations_password

_REQUEST_MILLISECONDS: Final = 2000


def operations_settings(layout: Layout, run: Run) -> ServiceSettings:
    """The ways into the stores as operations, which must have been started once."""
    ports, platform = Ports(layout), run.platform_settings
    user = principal(platform.prefix, OPERATIONS)
    kafka, redis = ports.known("kafka"), ports.known("redis")
    password = SecretStr(operations_password(layout.secret("master").encode(), platform))
    profile = KafkaProfile(request_timeout_milliseconds=_REQUEST_MILLISECONDS)
    return ServiceSettings(
        kafka=KafkaSettings(bootstrap=f"{HOST}:{kafka}", username=user, password=password, profile=profile),
        redis=RedisSettings(host=HOST, port=redis, username=user, password=password),
        platform=PlatformSection(prefix=platform.prefix, partitions=platform.pipeline_partitions),
    )
