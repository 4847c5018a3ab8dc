"""Channels that the settings declare (`notifier.channels`, from a mounted Secret or the environment): YAML text."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml

from alpha_panda.domain.channels import Channel
from alpha_panda.errors import InputError
from alpha_panda.notifier.addresses import Address, service_of
from alpha_panda.notifier.channel_table import ChannelTable

SETTINGS_ORIGIN = "settings"


async def declare(table: ChannelTable, text: str | None) -> None:
    """Make the table hold what the settings say; those that they say no more are forgotten.

    An `enabled: false` that a person set at run time stays.

    Raises:
        InputError: a channel is not what it should be; nothing secret is in the message.
    """
    wanted = read_channels(text)
    known = {kept.channel.name: kept for kept in await table.load()}
    for name, kept in known.items():
        if kept.origin == SETTINGS_ORIGIN and name not in wanted:
            await table.remove(name)
    for name, (channel, address) in wanted.items():
        before = known.get(name)
        stays = before is not None and before.origin == SETTINGS_ORIGIN and not before.channel.enabled
        declared = msgspec.structs.replace(channel, enabled=channel.enabled and not stays)
        await table.keep(declared, address, SETTINGS_ORIGIN, SETTINGS_ORIGIN)


def read_channels(text: str | None) -> dict[str, tuple[Channel, Address]]:
    """Channels by name; raises InputError as `declare`."""
    if not text:
        return {}
    try:
        told = yaml.safe_load(text)
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f" at line {place.line + 1}" if place else ""
        raise InputError(f"notifier.channels is no YAML{where}") from None
    if not isinstance(told, dict):
        raise InputError("notifier.channels is not a mapping of channel names", remedy="see docs/notifications.md")
    return {str(name): _channel(str(name), value) for name, value in told.items()}


def _channel(name: str, value: Any) -> tuple[Channel, Address]:  # noqa: ANN401 - what a person wrote
    if not isinstance(value, dict) or not isinstance(value.get("url"), str):
        raise InputError(f"notifier.channels.{name} has no url", remedy="see docs/notifications.md")
    settings = {key: each for key, each in value.items() if key not in {"url", "server"}}
    try:
        channel = msgspec.convert({**settings, "name": name, "service": service_of(value["url"])}, Channel)
        address = msgspec.convert({key: value[key] for key in ("url", "server") if key in value}, Address)
    except msgspec.ValidationError as error:
        raise InputError(f"notifier.channels.{name}: {error}") from None
    unknown = sorted(settings.keys() - set(Channel.__struct_fields__))
    if unknown:
        raise InputError(f"notifier.channels.{name}: {', '.join(unknown)} is no setting of a channel")
    return channel, address
