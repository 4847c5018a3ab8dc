"""Each alert fires when it should, says for whom, and stays silent on a healthy platform; promtool judges."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.chart.alert_cases import CASES, HEALTHY, Case
from tests.support.helm import EMBEDDED, MONITORING, one, render

from chart.rules import ALERTS, document

ALERT = {each.name: each for each in ALERTS}


def promtool(folder: Path, tests: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    program = shutil.which("promtool")
    assert program, "promtool is not installed: apt-get install -y --no-install-recommends prometheus"
    (folder / "rules.yaml").write_text(yaml.safe_dump(document()))
    judged = {"rule_files": ["rules.yaml"], "evaluation_interval": "15s", "tests": tests}
    (folder / "tests.yaml").write_text(yaml.safe_dump(judged))
    return subprocess.run(  # noqa: S603 - found above
        [program, "test", "rules", "tests.yaml"], cwd=folder, capture_output=True, text=True, check=False
    )


def series(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"series": name, "values": value} for name, value in values.items()]


def expected(case: Case) -> dict[str, Any]:
    rule = next(each for each in document()["groups"][1]["rules"] if each["alert"] == case.alert)
    return {
        "exp_labels": {**case.labels, **rule["labels"]},
        "exp_annotations": {"summary": told(rule["annotations"]["summary"], case), **looked(rule, case)},
    }


def told(template: str, case: Case) -> str:
    """The sentence with the case's labels; the value is what promtool says it is, so it is in the case's words."""
    for name, value in case.labels.items():
        template = template.replace(f"{{{{ $labels.{name} }}}}", value)
    template = template.replace("{{ $value | humanizeDuration }}", "16m 0s")
    return template.replace("{{ $value | humanize }}", "150k").replace(
        "{{ $value }}", {"PandaImbalance": "5", "PandaRestarting": "3"}.get(case.alert, "")
    )


def looked(rule: dict[str, Any], case: Case) -> dict[str, str]:
    return {"description": told(rule["annotations"]["description"], case)}


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.alert)
def test_the_alert_fires_and_says_for_whom(case: Case, tmp_path: Path) -> None:
    moments: list[dict[str, Any]] = [
        {"eval_time": f"{case.after}m", "alertname": case.alert, "exp_alerts": [expected(case)]}
    ]
    if case.too_soon:
        moments.append({"eval_time": case.too_soon, "alertname": case.alert, "exp_alerts": []})
    done = promtool(tmp_path, [{"interval": "15s", "input_series": series(case.series), "alert_rule_test": moments}])
    assert done.returncode == 0, done.stdout + done.stderr
    assert case.says in told(ALERT[case.alert].says, case)


def test_every_alert_has_a_case() -> None:
    assert {case.alert for case in CASES} == set(ALERT)


def test_a_healthy_platform_leaves_every_alert_silent(tmp_path: Path) -> None:
    moments = [
        {"eval_time": f"{minute}m", "alertname": name, "exp_alerts": []} for name in ALERT for minute in (1, 10, 25)
    ]
    done = promtool(tmp_path, [{"interval": "15s", "input_series": series(HEALTHY), "alert_rule_test": moments}])
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_case_that_promises_too_much_is_found(tmp_path: Path) -> None:
    case = CASES[0]
    moment = {"eval_time": "1m", "alertname": case.alert, "exp_alerts": [expected(case)]}
    done = promtool(tmp_path, [{"interval": "15s", "input_series": series(HEALTHY), "alert_rule_test": [moment]}])
    assert done.returncode != 0


def test_the_chart_holds_the_same_rules() -> None:
    rule = one(render(EMBEDDED, MONITORING), "PrometheusRule", "ap")
    assert rule["spec"] == document()
