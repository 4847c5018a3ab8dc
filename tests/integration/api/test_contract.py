"""Whatever is asked of the API, in form or out of it: an answer that its description promises, and never a fault."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from tests.integration.api.served import TOKEN, Served

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def description(served: Served) -> schemathesis.BaseSchema:
    """The description of all routes that end; the stream of events does not."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    found = schemathesis.openapi.from_url(f"{served.url}/api/v1/openapi.json", headers=headers)
    return found.exclude(path="/api/v1/events")


schema = schemathesis.pytest.from_fixture("description")


@schema.parametrize()
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_the_description_promises(case: schemathesis.Case):
    chosen = [
        checks.CHECKS.get_one("not_a_server_error"),
        checks.CHECKS.get_one("status_code_conformance"),
        checks.CHECKS.get_one("content_type_conformance"),
        checks.CHECKS.get_one("response_schema_conformance"),
    ]
    case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, checks=chosen)
