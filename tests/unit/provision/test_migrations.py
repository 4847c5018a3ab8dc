"""Migrations are read in order, and names and passwords become SQL that means exactly them."""

from pathlib import Path

import pytest

from alpha_panda.errors import PandaError
from alpha_panda.provision import scram
from alpha_panda.provision.migrations import load
from alpha_panda.provision.sql import identifier, literal


@pytest.mark.parametrize("folder", ["platform", "market", "broker"])
def test_the_shipped_migrations_are_complete(folder: str):
    migrations = load(folder)
    assert [migration.number for migration in migrations] == list(range(1, len(migrations) + 1))
    assert all(len(migration.sha256) == 64 and "CREATE TABLE" in migration.sql for migration in migrations)


def test_migrations_come_in_the_order_of_their_numbers(tmp_path: Path):
    (tmp_path / "broker").mkdir()
    for number in (2, 1, 10, 3, 4, 5, 6, 7, 8, 9):
        (tmp_path / "broker" / f"{number:04}_step.sql").write_text(f"SELECT {number}")
    assert [migration.sql for migration in load("broker", tmp_path)] == [f"SELECT {n}" for n in range(1, 11)]


def test_a_gap_in_the_numbers_is_refused(tmp_path: Path):
    (tmp_path / "broker").mkdir()
    for number in (1, 3):
        (tmp_path / "broker" / f"{number:04}_step.sql").write_text("")
    with pytest.raises(PandaError, match=r"numbered \[1, 3\], not from 1 without a gap"):
        load("broker", tmp_path)


def test_a_file_that_is_no_migration_is_refused(tmp_path: Path):
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "notes.txt").write_text("")
    with pytest.raises(PandaError, match=r"notes\.txt is not a migration"):
        load("broker", tmp_path)


def test_the_verifier_is_the_one_of_rfc_7677():
    """The keys follow from RFC 7677's example: user `user`, password `pencil`, its salt, 4096 iterations."""
    import base64  # noqa: PLC0415 - for this example only
    import hashlib  # noqa: PLC0415
    import hmac  # noqa: PLC0415

    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    made = scram.verifier("pencil", salt, 4096)
    server_key = base64.b64decode(made.rpartition(":")[2])
    exchange = (
        "n=user,r=rOprNGfwEbeRWgbNEkqO,"
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    signature = hmac.digest(server_key, exchange.encode(), hashlib.sha256)
    assert base64.b64encode(signature).decode() == (
        "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="  # pragma: allowlist secret - the example of RFC 7677
    )


def test_a_password_fits_its_verifier_and_no_other():
    made = scram.verifier("right")
    assert made != scram.verifier("right")
    assert scram.fits("right", made)
    assert not scram.fits("wrong", made)
    assert not scram.fits("right", None)
    assert not scram.fits("right", "md5abcdef")


def test_a_password_beyond_ascii_is_refused():
    with pytest.raises(ValueError, match="ASCII"):
        scram.verifier("pässwort")


def test_names_and_texts_cannot_leave_their_quotes():
    assert identifier('pa"per') == '"pa""per"'
    assert literal("it's") == "'it''s'"
    with pytest.raises(ValueError, match="no SQL name"):
        identifier("")
    with pytest.raises(ValueError, match="no backslash"):
        literal("\\'")
