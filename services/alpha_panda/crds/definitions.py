"""The CustomResourceDefinitions of Broker and Strategy: schema, rules, columns, short names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from alpha_panda.crds.structural import Schema, structural_schema
from alpha_panda.crds.validations import BROKER, STRATEGY, Path, Validation
from alpha_panda.crds.values import explain_values, pattern_rule
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.common import API_VERSION, GROUP
from alpha_panda.resources.fields import Model
from alpha_panda.resources.status import BrokerStatus, ConditionType, StrategyStatus
from alpha_panda.resources.strategy import Strategy

CATEGORY: Final = "alphapanda"
_VERSION: Final = API_VERSION.removeprefix(f"{GROUP}/")
_API_VERSION_TEXT: Final = f"The version of the resource's fields: {API_VERSION}."


def _column(name: str, path: str, kind: str = "string", *, wide: bool = False) -> dict[str, Any]:
    """A column of `kubectl get`; a wide one only with `-o wide`."""
    return {"name": name, "type": kind, "jsonPath": path} | ({"priority": 1} if wide else {})


def _condition(kind: ConditionType, field: str = "status") -> str:
    return f'.status.conditions[?(@.type=="{kind}")].{field}'


_AGE: Final = _column("Age", ".metadata.creationTimestamp", "date")
_REASON: Final = _condition(ConditionType.READY, "reason")


@dataclass(frozen=True)
class Definition:
    """What makes a kind."""

    model: type[Model]
    status: type[Model]
    plural: str
    short: str
    validations: Sequence[Validation]
    columns: Sequence[dict[str, Any]]

    @property
    def kind(self) -> str:
        """The kind's name."""
        return self.model.__name__


DEFINITIONS: Final = (
    Definition(
        model=Broker,
        status=BrokerStatus,
        plural="brokers",
        short="brk",
        validations=BROKER,
        columns=(
            _column("Type", ".spec.type"),
            _column("Live", ".spec.live", "boolean"),
            _column("Halted", ".spec.halted", "boolean"),
            _column("Strategies", ".status.strategies", "integer"),
            _column("Ready", _condition(ConditionType.READY)),
            _column("Reason", _REASON),
            _column("Session", _condition(ConditionType.SESSION_ACTIVE, "reason"), wide=True),
            _AGE,
        ),
    ),
    Definition(
        model=Strategy,
        status=StrategyStatus,
        plural="strategies",
        short="strat",
        validations=STRATEGY,
        columns=(
            _column("Mode", ".spec.mode"),
            _column("State", ".spec.state"),
            _column("Brokers", ".spec.brokers"),
            _column("Ready", _condition(ConditionType.READY)),
            _column("Trading", _condition(ConditionType.TRADING)),
            _column("Reason", _REASON),
            _column("Strategy", ".spec.strategy", wide=True),
            _column("Runner", ".status.runner", wide=True),
            _AGE,
        ),
    ),
)


def definition(of: Definition) -> dict[str, Any]:
    """The whole object, as `kubectl apply` takes it."""
    singular = of.kind.lower()
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{of.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": of.kind,
                "listKind": f"{of.kind}List",
                "plural": of.plural,
                "singular": singular,
                "shortNames": [of.short],
                "categories": [CATEGORY],
            },
            "scope": "Namespaced",
            "versions": [
                {
                    "name": _VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": list(of.columns),
                    "schema": {"openAPIV3Schema": schema(of)},
                }
            ],
        },
    }


def schema(of: Definition) -> Schema:
    """The schema of the kind, its status and rules included."""
    root = structural_schema(of.model)
    fields = root["properties"]
    fields["apiVersion"] = {"type": "string", "description": _API_VERSION_TEXT}
    fields["kind"] = {"type": "string", "description": fields["kind"]["description"]}
    # Of the metadata a definition may speak of the name alone; the rest is the API server's own.
    name = fields["metadata"]["properties"]["name"]
    fields["metadata"] = {"type": "object", "properties": {"name": {key: name[key] for key in ("type", "maxLength")}}}
    of_name = {**pattern_rule(name["pattern"], "self.metadata.name"), "fieldPath": ".metadata.name"}
    root["x-kubernetes-validations"] = [of_name]
    fields["status"] = structural_schema(of.status, defaults=False)
    explain_values(fields["spec"])
    for each in of.validations:
        _at(root, each.at).setdefault("x-kubernetes-validations", []).append(each.as_schema())
    root["required"] = ["spec"]
    return root


def _at(root: Schema, path: Path) -> Schema:
    """The schema of the field at the path."""
    for step in path:
        root = root["properties"][step]
    return root
