"""Access tokens: good is only what was signed by a key of ours, as what it is, for whom it is, and now."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from alpha_panda.api.security.errors import NotSignedInError
from alpha_panda.api.security.principal import Role
from alpha_panda.api.security.tokens import ALGORITHM, AUDIENCE, ISSUER, TYPE, Claims, Keyring, SigningKey

SECRET = bytes(range(32))
NOW = datetime.now(UTC)
KEY = SigningKey(kid="one", secret=SECRET, created_at=NOW - timedelta(hours=1))
RING = Keyring([KEY])
CLAIMS = Claims(
    name="ana",
    role=Role.TRADER,
    session="0191e7a0-0000-7000-8000-000000000000",
    identity="j1",
    expires_at=NOW.replace(microsecond=0) + timedelta(hours=1),
)


def payload(**changes: object) -> dict[str, Any]:
    told = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ana",
        "role": "trader",
        "sid": CLAIMS.session,
        "jti": "j1",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + timedelta(hours=1),
        **changes,
    }
    return {name: value for name, value in told.items() if value is not None}


def made(
    body: dict[str, Any] | None = None, secret: bytes | str | None = SECRET, alg: str = ALGORITHM, **header: object
) -> str:
    names = {"kid": "one", "typ": TYPE, **header}
    return jwt.encode(body or payload(), secret, alg, headers=names)


def test_a_token_says_what_was_signed():
    assert RING.read(RING.sign(CLAIMS, NOW)) == CLAIMS
    assert RING.read(made()).name == "ana"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        made(secret=b"another secret of thirty-two byte"),
        made(secret=None, alg="none"),
        made(secret=SECRET * 2, alg="HS512"),
        made(kid="two"),
        made(typ="JWT"),
        made(payload(aud="somebody-else")),
        made(payload(iss="somebody-else")),
        made(payload(exp=NOW - timedelta(minutes=1))),
        made(payload(nbf=NOW + timedelta(minutes=50))),
        made(payload(exp=None)),
        made(payload(sid=None)),
        made(payload(role="god")),
        made(payload(sub=["ana"])),
        made()[:-4] + "AAAA",
    ],
)
def test_a_token_that_was_forged_changed_or_is_for_others_is_refused(token: str):
    with pytest.raises(NotSignedInError):
        RING.read(token)


def test_a_header_that_names_a_key_of_its_own_changes_nothing():
    with pytest.raises(NotSignedInError):
        RING.read(made(secret=b"x" * 32, jwk={"kty": "oct", "k": "eHh4"}, jku="https://evil.example/keys"))


def test_a_new_key_signs_once_every_replica_knows_it_and_the_old_one_is_good_meanwhile():
    fresh = SigningKey(kid="two", secret=b"y" * 32, created_at=NOW)
    ring = Keyring([KEY, fresh])
    assert jwt.get_unverified_header(ring.sign(CLAIMS, NOW))["kid"] == "one"
    later = NOW + timedelta(minutes=3)
    token = ring.sign(CLAIMS, later)
    assert jwt.get_unverified_header(token)["kid"] == "two"
    ring.replace([fresh])
    with pytest.raises(NotSignedInError):
        ring.read(made())
