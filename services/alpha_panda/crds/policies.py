"""Admission policies: what the API server holds two resources to together, which no definition can.

A Paper Strategy never trades on a live Broker: neither by naming one, nor by the Broker going live under it. A policy
is evaluated with every object of the other kind in the same namespace as its parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from alpha_panda.resources.broker import Broker
from alpha_panda.resources.common import API_VERSION, GROUP
from alpha_panda.resources.strategy import Strategy

_ADMISSION: Final = "admissionregistration.k8s.io/v1"
_VERSION: Final = API_VERSION.removeprefix(f"{GROUP}/")


@dataclass(frozen=True)
class Policy:
    """One rule over an object and each object of another kind beside it; `message` is a CEL expression."""

    name: str
    plural: str
    """The resources that it holds to the rule."""
    parameter: str
    """The kind of the others."""
    rule: str
    message: str


POLICIES: Final = (
    Policy(
        name="paper-strategies-off-live-brokers",
        plural="strategies",
        parameter=Broker.__name__,
        rule="object.spec.mode == 'Live' || !params.spec.live || !(params.metadata.name in object.spec.brokers)",
        message="'broker ' + params.metadata.name + ' trades real money: set spec.mode: Live and acknowledgeLive, "
        "or take it from spec.brokers'",
    ),
    Policy(
        name="live-brokers-off-paper-strategies",
        plural="brokers",
        parameter=Strategy.__name__,
        rule="!object.spec.live || params.spec.mode == 'Live' || !(object.metadata.name in params.spec.brokers)",
        message="'strategy ' + params.metadata.name + ' trades on this broker in mode Paper: stop it and take the "
        "broker from its spec.brokers, or set its mode to Live, before the broker goes live'",
    ),
)


def policy_objects(policy: Policy) -> tuple[dict[str, Any], dict[str, Any]]:
    """The policy and the binding that puts it into force in every namespace."""
    resources = {
        "apiGroups": [GROUP],
        "apiVersions": [_VERSION],
        "operations": ["CREATE", "UPDATE"],
        "resources": [policy.plural],
    }
    name = f"{policy.name}.{GROUP}"
    rule = {"expression": policy.rule, "messageExpression": policy.message, "reason": "Invalid"}
    return (
        {
            "apiVersion": _ADMISSION,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {
                "failurePolicy": "Fail",
                "paramKind": {"apiVersion": API_VERSION, "kind": policy.parameter},
                "matchConstraints": {"resourceRules": [resources]},
                "validations": [rule],
            },
        },
        {
            "apiVersion": _ADMISSION,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {
                "policyName": name,
                "validationActions": ["Deny"],
                "paramRef": {"selector": {}, "parameterNotFoundAction": "Allow"},
            },
        },
    )
