"""Addresses of channels: apprise's URLs, checked before they are kept, and shown without what is secret in them."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote, urlsplit

import apprise
import msgspec

from alpha_panda.errors import InputError

_SERVICES: Final = {
    "mailto": "email",
    "mailtos": "email",
    "discord": "discord",
    "tgram": "telegram",
    "telegram": "telegram",
    "slack": "slack",
    "json": "webhook",
    "jsons": "webhook",
}
_HOSTS: Final = {"discord": "notify_url", "telegram": "notify_url", "slack": "webhook_url"}
"""Where the library keeps the fixed address of a service; a server of one's own may stand in its place."""
_HIDE_FROM: Final = 4
_SHOWN: Final = frozenset({"telegram", "discord", "slack", "https", "http", "mailto", "mailtos", "smtp", "json"})


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a channel leads. `server` stands in place of the service's own host."""

    url: str
    server: str | None = None

    def to_json(self) -> str:
        """As it is kept."""
        return msgspec.json.encode(self).decode()


def read_address(text: str) -> Address:
    """What `to_json` wrote."""
    return msgspec.json.decode(text, type=Address)


def service_of(url: str) -> str:
    """The service of an apprise URL, by our name for it."""
    scheme = url.partition("://")[0].lower()
    return _SERVICES.get(scheme, scheme)


def open_address(address: Address) -> apprise.NotifyBase:
    """The library's object that sends there.

    Raises:
        InputError: the library does not know such an address, or the service has no server of one's own.
    """
    asset = apprise.AppriseAsset(
        app_id="Alpha Panda",
        app_desc="Alpha Panda",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        storage_mode="memory",
    )
    plugin = apprise.Apprise.instantiate(address.url, asset=asset, suppress_exceptions=True)
    service = service_of(address.url)
    if plugin is None:
        raise InputError(
            f"{service}: the address is none that can be sent to",
            remedy="see docs/notifications.md for the forms, such as discord://ID/TOKEN or mailtos://USER:…@HOST",
        )
    plugin.redirects = False
    if address.server is not None:
        if service not in _HOSTS:
            raise InputError(
                f"{service}: --server is for {', '.join(sorted(_HOSTS))}",
                remedy="others have the server in their address",
            )
        if urlsplit(address.server).scheme not in {"http", "https"}:
            raise InputError(f"--server {address.server!r}: allowed is http://… or https://…")
        setattr(plugin, _HOSTS[service], address.server.rstrip("/") + ("/bot" if service == "telegram" else ""))
    return plugin


def secrets_of(url: str) -> frozenset[str]:
    """Every part of the URL that may be secret, for hiding it in what the library says."""
    rest = url.partition("://")[2]
    for mark in "/?&=@:":
        rest = rest.replace(mark, " ")
    parts = {part for word in rest.split() for part in (word, unquote(word))}
    return frozenset(part for part in parts if len(part) >= _HIDE_FROM and part.lower() not in _SHOWN)


def hidden(text: str, url: str) -> str:
    """The text without any part of the URL that may be secret."""
    for part in sorted(secrets_of(url), key=len, reverse=True):
        text = text.replace(part, "***")
    return text
