"""The verifier that PostgreSQL stores of a SCRAM-SHA-256 password (RFC 5802, RFC 7677).

Made here, so that no password travels in an SQL statement or lands in the server's log.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

ITERATIONS = 4096
"""PostgreSQL's default; the passwords are 256 random bits."""
_SALT_BYTES = 16
_STORED = re.compile(r"SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+")


def verifier(password: str, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """`SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`; the password must be ASCII.

    Other passwords would need SASLprep first; derived ones are ASCII, so they raise ValueError.
    """
    if not password.isascii():
        msg = "a password of PostgreSQL must be ASCII here"
        raise ValueError(msg)
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${iterations}:{_text(salt)}${_text(stored)}:{_text(server)}"


def fits(password: str, stored: str | None) -> bool:
    """Whether the stored verifier is this password's; False for any other kind of stored password."""
    match = _STORED.fullmatch(stored or "")
    if match is None:
        return False
    made = verifier(password, base64.b64decode(match[2]), int(match[1]))
    return hmac.compare_digest(made, stored or "")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
