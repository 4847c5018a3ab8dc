"""Access tokens: short-lived JWTs under one pinned algorithm, signed with keys that are replaced each day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
import msgspec

from alpha_panda.api.security.errors import NotSignedInError
from alpha_panda.api.security.principal import Role

ALGORITHM: Final = "HS256"
ISSUER: Final = "alpha-panda"
AUDIENCE: Final = "alpha-panda-api"
TYPE: Final = "at+jwt"
_REQUIRED: Final = ("exp", "iat", "nbf", "iss", "aud", "sub", "jti", "sid", "role")
LEEWAY: Final = timedelta(seconds=5)
"""Between the clocks of two replicas."""


KNOWN_AFTER: Final = timedelta(minutes=2)
"""By then every replica has read a new key."""


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key by its name."""

    kid: str
    secret: bytes
    created_at: datetime


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a good token says."""

    name: str
    role: Role
    session: str
    identity: str
    """`jti`: every token has its own."""
    expires_at: datetime


class Keyring:
    """The keys at hand, the newest first; it signs with the newest and knows the others by name."""

    def __init__(self, keys: Sequence[SigningKey] = ()) -> None:
        """Without keys nothing can be signed, and no token is good."""
        self._keys: Mapping[str, SigningKey] = {}
        self.replace(keys)

    def replace(self, keys: Sequence[SigningKey]) -> None:
        """Take other keys."""
        self._keys = {key.kid: key for key in sorted(keys, key=lambda key: key.created_at, reverse=True)}

    def _signing(self, now: datetime) -> SigningKey | None:
        """The newest key that the other replicas know too; at the very first start the only one."""
        known = [key for key in self._keys.values() if now - key.created_at >= KNOWN_AFTER]
        return next(iter(known or self._keys.values()), None)

    def sign(self, claims: Claims, now: datetime) -> str:
        """A token that says this."""
        key = self._signing(now)
        if key is None:
            raise LookupError("there is no key to sign with")
        payload = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": claims.name,
            "role": claims.role.value,
            "sid": claims.session,
            "jti": claims.identity,
            "iat": now,
            "nbf": now,
            "exp": claims.expires_at,
        }
        return jwt.encode(payload, key.secret, ALGORITHM, headers={"kid": key.kid, "typ": TYPE})

    def read(self, token: str) -> Claims:
        """What a token says.

        Raises:
            NotSignedInError: it is not ours, was changed, is of another kind, or has expired.
        """
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.get(str(header.get("kid")))
            if key is None or header.get("typ") != TYPE or header.get("alg") != ALGORITHM:
                raise NotSignedInError("this is no access token of this installation")
            return _claims(
                jwt.decode(
                    token,
                    key.secret,
                    algorithms=[ALGORITHM],
                    issuer=ISSUER,
                    audience=AUDIENCE,
                    leeway=LEEWAY,
                    options={"require": list(_REQUIRED)},
                )
            )
        except jwt.ExpiredSignatureError as error:
            raise NotSignedInError("the access token has expired", remedy="refresh it, or log in again") from error
        except (jwt.PyJWTError, msgspec.ValidationError, ValueError) as error:
            raise NotSignedInError("this is no access token of this installation") from error


def _claims(payload: dict[str, Any]) -> Claims:
    told = {
        "name": payload["sub"],
        "role": payload["role"],
        "session": payload["sid"],
        "identity": payload["jti"],
        "expires_at": datetime.fromtimestamp(payload["exp"], tz=UTC),
    }
    return msgspec.convert(told, Claims)
