"""The ports of a run on 127.0.0.1: chosen free at the first start and kept in the data directory.

They are chosen below the range that the kernel takes outgoing connections from, so that a port that
is free today is not some program's connection tomorrow.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping

import msgspec

from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.local.layout import Layout, write_private
from alpha_panda.local.progress import Progress, silent

HOST = "127.0.0.1"
FIRST, LAST = 20_000, 32_000
"""Chosen ports lie here: above the registered favourites, below Linux's outgoing range (32768…)."""
HIGHEST = 65_535
_TRIES = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


class Ports:
    """Ports by name, remembered in `layout.ports`; `fixed` ones (settings) are never replaced."""

    def __init__(self, layout: Layout, fixed: Mapping[str, int] | None = None, progress: Progress = silent) -> None:
        """Read what was remembered; raises InputError for a fixed port that is no port or named twice."""
        self._layout = layout
        self._fixed = dict(fixed or {})
        self._progress = progress
        self._remembered = self._read()
        self._refuse_impossible()

    def take(self, name: str, purpose: str) -> int:
        """The port `name`, free to listen on at this moment.

        A remembered port that another program has taken is replaced by a new one, and the progress
        line says so. Raises UnavailableError for a fixed port in use; `purpose` is what it is for.
        """
        fixed = self._fixed.get(name)
        if fixed is not None:
            if not is_free(fixed):
                msg = f"port {fixed} for {purpose} is in use by another program on {HOST}"
                raise UnavailableError(msg, remedy=f"stop that program, or set another port for {name}")
            self._remember(name, fixed)
            return fixed
        known = self._remembered.get(name)
        if known is not None and is_free(known):
            return known
        port = self._choose(purpose)
        if known is not None:
            self._progress(f"port {known} for {purpose} is in use by another program: using {port} from now on")
        self._remember(name, port)
        return port

    def known(self, name: str) -> int:
        """The port `name` as it was last taken; raises UnavailableError where it never was."""
        port = self._fixed.get(name, self._remembered.get(name))
        if port is None:
            msg = f"this run has no port for {name} yet: it was never started in {self._layout.root}"
            raise UnavailableError(msg, remedy="start it with `panda up`")
        return port

    def door(self, name: str) -> int:
        """Where clients reach the server `name`: its own port, unless something stands before it.

        That is said by a fixed port of the name with `-door`, such as `kafka-door` for a proxy to Kafka.
        """
        return self._fixed.get(f"{name}-door") or self.known(name)

    def _choose(self, purpose: str) -> int:
        taken = {*self._remembered.values(), *self._fixed.values()}
        for _ in range(_TRIES):
            port = FIRST + secrets.randbelow(LAST - FIRST)
            if port not in taken and is_free(port):
                return port
        msg = f"no free port for {purpose} among {FIRST}-{LAST} on {HOST} after {_TRIES} tries"
        raise UnavailableError(msg, remedy="stop programs that listen there, or set the port")

    def _remember(self, name: str, port: int) -> None:
        if self._remembered.get(name) == port:
            return
        self._remembered[name] = port
        write_private(self._layout.ports, msgspec.json.encode(self._remembered, order="sorted").decode())

    def _read(self) -> dict[str, int]:
        try:
            return msgspec.json.decode(self._layout.ports.read_bytes(), type=dict[str, int])
        except FileNotFoundError:
            return {}
        except msgspec.MsgspecError as error:
            msg = f"{self._layout.ports} is damaged: {error}"
            raise UnavailableError(msg, remedy="delete that file: new ports are chosen at the next start") from error

    def _refuse_impossible(self) -> None:
        owners: dict[int, str] = {}
        for name, port in self._fixed.items():
            if not 0 < port <= HIGHEST:
                msg = f"port {port} for {name} is not one: allowed is 1-{HIGHEST}"
                raise InputError(msg)
            if port in owners:
                msg = f"port {port} is set for both {owners[port]} and {name}"
                raise InputError(msg, remedy="set two different ports")
            owners[port] = name
