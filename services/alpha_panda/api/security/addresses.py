"""Where a request comes from: what the proxies of ours say, and nothing that a client can make up."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.requests import HTTPConnection


def address_of(connection: HTTPConnection, trusted_proxies: int) -> str:
    """The client's address: the peer's own, or the one that the outermost trusted proxy saw.

    Proxies append to X-Forwarded-For, so the entries of ours are counted from the right; what stands to the left of
    them a client may have written itself. An entry that is no address, or a list too short, leaves the peer's own.
    """
    peer = connection.client.host if connection.client is not None else "unknown"
    if trusted_proxies == 0:
        return peer
    entries = [each.strip() for line in connection.headers.getlist("x-forwarded-for") for each in line.split(",")]
    if len(entries) < trusted_proxies:
        return peer
    try:
        return str(ip_address(entries[-trusted_proxies]))
    except ValueError:
        return peer
