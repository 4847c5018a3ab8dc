"""The models of the resources: defaults, descriptions, immutability, money."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from alpha_panda.resources.broker import Broker, BrokerMetadata, BrokerSpec, BrokerType, PaperSettings, ZerodhaSettings
from alpha_panda.resources.fields import ALLOWED, Model, decimal, paise
from alpha_panda.resources.problems import in_one_line
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import Strategy, StrategySpec

NOW = datetime(2026, 1, 5, 3, 45, tzinfo=UTC)


def paper() -> Broker:
    return Broker(metadata=BrokerMetadata(name="paper"), spec=BrokerSpec(type=BrokerType.PAPER))


def models(start: type[Model]) -> set[type[Model]]:
    found = {start}
    for field in start.model_fields.values():
        for kind in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, Model):
                found |= models(kind)
    return found


@pytest.mark.parametrize("kind", sorted(models(Broker) | models(Strategy), key=lambda each: each.__name__))
def test_every_field_says_what_it_is_for_in_a_sentence(kind: type[Model]) -> None:
    for name, field in kind.model_fields.items():
        assert field.description, f"{kind.__name__}.{name}"
        assert field.description.endswith(".")


def test_every_pattern_of_a_field_is_explained_to_people() -> None:
    for kind in models(Broker) | models(Strategy):
        for schema in kind.model_json_schema(by_alias=True)["properties"].values():
            for part in (schema, *schema.get("anyOf", ())):
                assert part.get("pattern") is None or part["pattern"] in ALLOWED


def test_the_defaults_are_those_of_the_design() -> None:
    spec = paper().spec
    assert (spec.live, spec.halted, spec.deletion_policy, spec.rollout.window) == (
        False,
        False,
        "Retain",
        "MarketClosed",
    )
    assert (spec.account.max_daily_loss_percent, spec.account.drawdown_percent) == ("3", "5")
    settings = spec.paper_settings()
    assert paise(settings.starting_cash) == 5_000_000
    assert (settings.slippage_bps, settings.latency_milliseconds, settings.participation_percent) == ("2", 50, "10")
    assert settings.charges.as_of is None
    assert spec.zerodha_settings() == ZerodhaSettings()


def test_settings_that_are_given_are_the_ones_used() -> None:
    given = PaperSettings(starting_cash="1.50")
    assert BrokerSpec(type=BrokerType.PAPER, paper=given).paper_settings() is given


def test_a_resource_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        paper().spec.live = True  # type: ignore[misc]


@pytest.mark.parametrize(("money", "expected"), [("0", 0), ("0.05", 5), ("50000", 5_000_000), ("1.5", 150)])
def test_money_is_whole_paise(money: str, expected: int) -> None:
    assert paise(money) == expected


def test_a_fraction_of_a_paisa_is_no_money() -> None:
    with pytest.raises(ValueError, match="not whole paise"):
        paise("0.005")


def test_a_percentage_is_exact() -> None:
    assert decimal("0.1") * 3 == Decimal("0.3")


def test_a_stored_resource_knows_its_age_and_refuses_naive_times() -> None:
    stored = StoredResource(
        resource=paper(), uid="u1", generation=1, created_at=NOW, changed_at=NOW, changed_by="trader"
    )
    assert (stored.kind, stored.name, stored.namespace, stored.age) == ("Broker", "paper", None, (NOW, "u1"))
    assert stored.spec is stored.resource.spec
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"):
        StoredResource(resource=paper(), uid="u", generation=1, created_at=naive, changed_at=NOW, changed_by="t")
    with pytest.raises(ValueError, match="generation 0"):
        StoredResource(resource=paper(), uid="u", generation=0, created_at=NOW, changed_at=NOW, changed_by="t")


def test_a_spec_that_came_over_the_log_is_refused_on_one_line_with_field_value_and_what_is_allowed():
    spec = {"strategy": 7, "params": "none\nat all", "surprise": 1, "timeframes": [], "brokers": ["paper"]}
    with pytest.raises(ValidationError) as refused:
        StrategySpec.model_validate(spec)
    said = in_one_line(refused.value, StrategySpec)
    assert said.startswith("spec.strategy: 7 is not a string; allowed: text")
    assert 'spec.params: "none\\nat all" is not a mapping' in said
    assert said.endswith("; and 2 more")
    assert "\n" not in said
