"""Keeps the addresses of channels unreadable in the database: they hold passwords and tokens.

The key is derived from the notifier's own password, which the service and the administrator know and nobody else;
after a new secret generation channels must be added again, and the notifier says so.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

from alpha_panda.errors import PandaError

_PURPOSE: Final = b"alpha-panda channel addresses"


class Vault:
    """Encrypts and decrypts with one key."""

    def __init__(self, password: str) -> None:
        """`password` is the notifier's."""
        key = hmac.new(password.encode(), _PURPOSE, hashlib.sha256).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, address: str) -> bytes:
        """The address, encrypted and signed."""
        return self._fernet.encrypt(address.encode())

    def open(self, closed: bytes) -> str:
        """The address.

        Raises:
            PandaError: it was encrypted with another key, or changed.
        """
        try:
            return self._fernet.decrypt(closed).decode()
        except InvalidToken as error:
            raise PandaError(
                "its address was encrypted with another key", remedy="remove the channel and add it again"
            ) from error
