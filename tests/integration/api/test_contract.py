"""Whatever is asked of the API, in form or out of it: an answer that its description promises, and never a fault."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.integration.api.served import TOKEN, Served

pytestmark = pytest.mark.integration
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PROMISED = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
"""Its own plugin for pytest does not go with the pytest that is pinned, so its cases are asked for here."""


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_one_that_the_description_promises(served: Served, mode: GenerationMode):
    found = schemathesis.openapi.from_url(f"{served.url}/api/v1/openapi.json", headers=BEARER)
    asked: set[str] = set()
    # The stream of events never ends, and a machine's logout changes nothing.
    for operation in found.exclude(path="/api/v1/events").get_all_operations():
        each = operation.ok()
        if mode is GenerationMode.NEGATIVE and not (each.body or each.query or each.path_parameters):
            continue

        @settings(
            max_examples=6,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=each.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=BEARER, checks=PROMISED)
            asked.add(case.operation.label)

        ask()
    assert len(asked) > (10 if mode is GenerationMode.NEGATIVE else 35)
