"""The single-node Kafka of the chart has the settings of the laptop's, so that what works there works here."""

from __future__ import annotations

from tests.support.helm import CHART

from alpha_panda.local import kafka


def properties(text: str) -> dict[str, str]:
    lines = (line.strip() for line in text.splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_both_have_the_same_settings() -> None:
    ours = properties((CHART / "files" / "kafka.properties").read_text())
    assert ours == properties(kafka._SETTINGS)  # noqa: SLF001 - the one place that has them
