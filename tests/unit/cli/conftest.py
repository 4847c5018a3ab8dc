"""The `panda` command on a store in memory."""

import io
from pathlib import Path

import pytest
import typer
from tests.unit.cli.desk import Deeds, Panda, Said
from tests.unit.cli.fake_resources import FakeResources

from alpha_panda.cli.main import guarded, invoke
from alpha_panda.cli.resources import register


@pytest.fixture
def resources() -> FakeResources:
    return FakeResources()


@pytest.fixture
def deeds() -> Deeds:
    return Deeds()


@pytest.fixture
def panda(
    resources: FakeResources,
    deeds: Deeds,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Panda:
    """Runs a command in an empty folder, as asha."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PANDA_ACTOR", "asha")
    monkeypatch.delenv("PANDA_DATA_DIR", raising=False)

    def run(*words: str, stdin: bytes = b"") -> Said:
        app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
        register(app, resources.open, deeds.keep)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        code = guarded(lambda: invoke(app, words))
        return Said(code, *capsys.readouterr())

    return run
