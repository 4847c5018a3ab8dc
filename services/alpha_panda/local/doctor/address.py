"""Whether orders would leave from an address that is registered at Zerodha: it takes them from no other.

What an order is sent from can be told here only where no router puts its own address in; else a page that says who asks
tells it (`zerodha.address_page`), and without one the line says what it does not know.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

import httpx

from alpha_panda.errors import PandaError
from alpha_panda.local.doctor.findings import Check, Finding, failed, fine, skipped, warning
from alpha_panda.local.layout import Layout
from alpha_panda.local.zerodha_session import settings_of, zerodha_brokers
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings

Address = IPv4Address | IPv6Address
_SECONDS: Final = 5.0
_HTTPS: Final = 443
_REGISTER: Final = "register it at developers.kite.trade (one change a week) and name it in zerodha.static_ips"


async def examine_address(layout: Layout) -> list[Finding]:
    """A line where something trades at Zerodha; nothing where nothing does, or where Zerodha is simulated."""
    try:
        if not await zerodha_brokers(layout):
            return []
        settings = settings_of(layout)
    except PandaError as error:
        return [skipped(Check.STATIC_IP, str(error))]
    host = urlsplit(settings.root).hostname or ""
    if _is_here(host):
        return []
    return [await asyncio.to_thread(_examine, settings, host)]


def judge_address(registered: Sequence[Address], leaves: Address, seen: Address | None) -> Finding:
    """What it means that requests leave this machine from `leaves`, and are seen as coming from `seen`."""
    if not registered:
        says = "no address is named in zerodha.static_ips, and Zerodha takes orders from registered ones only"
        return warning(Check.STATIC_IP, says, _REGISTER)
    names = " or ".join(map(str, registered))
    told = seen or (leaves if leaves.is_global or leaves in registered else None)
    if told is None:
        says = f"registered: {names}; this machine is {leaves} behind a router, whose address is not known here"
        return warning(
            Check.STATIC_IP, says, "set zerodha.address_page to a page that answers with the caller's address"
        )
    if told not in registered:
        return failed(
            Check.STATIC_IP, f"orders would come from {told}; registered: {names}; they are refused", _REGISTER
        )
    return fine(Check.STATIC_IP, f"orders come from {told}, which is registered")


def _examine(settings: ZerodhaSettings, host: str) -> Finding:
    try:
        leaves = _way_out(host)
        seen = None if settings.address_page is None else _asked(settings.address_page)
    except (OSError, httpx.HTTPError, ValueError) as error:
        return skipped(Check.STATIC_IP, f"where requests leave from cannot be found out: {str(error)[:200]}")
    return judge_address(settings.static_ips, leaves, seen)


def _way_out(host: str) -> Address:
    """The address of this machine on the way to a host; nothing is sent."""
    family, kind, _, _, place = socket.getaddrinfo(host, _HTTPS, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as probe:
        probe.connect(place)
        return ip_address(probe.getsockname()[0])


def _asked(page: str) -> Address:
    reply = httpx.get(page, timeout=_SECONDS, trust_env=False)
    return ip_address(reply.raise_for_status().text.strip()[:64])


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
