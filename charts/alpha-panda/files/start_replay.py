"""Starts the feed of an installation once a Strategy is Ready, so that a replay finds somebody who trades it.

The replay Job of the chart runs this with nothing but Python. It speaks to the API server under its own service
account, which may list Brokers and Strategies and change one ConfigMap: the feed's, which the operator follows.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ACCOUNT = Path(os.environ.get("SERVICE_ACCOUNT", "/var/run/secrets/kubernetes.io/serviceaccount"))
GROUP = "apis/alphapanda.io/v1alpha1"
POLL_SECONDS = 2.0
ANSWER_SECONDS = 10.0


def api_server() -> str:
    """Where the API server is, as every pod is told."""
    host = os.environ["KUBERNETES_SERVICE_HOST"]
    name = f"[{host}]" if ":" in host else host
    return f"https://{name}:{os.environ.get('KUBERNETES_SERVICE_PORT', '443')}"


def ask(path: str, *, change: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer to a GET, or to a merge PATCH with `change`; the token is read each time, because it is renewed."""
    request = urllib.request.Request(  # noqa: S310 - always https
        f"{api_server()}/{path}",
        data=None if change is None else json.dumps(change).encode(),
        method="GET" if change is None else "PATCH",
        headers={
            "Authorization": f"Bearer {(ACCOUNT / 'token').read_text().strip()}",
            "Content-Type": "application/merge-patch+json",
        },
    )
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    with urllib.request.urlopen(request, timeout=ANSWER_SECONDS, context=context) as answer:  # noqa: S310 - likewise
        return dict(json.load(answer))


def is_ready(resource: dict[str, Any]) -> bool:
    """Whether its condition Ready is true of its present generation."""
    generation = resource["metadata"].get("generation")
    conditions = resource.get("status", {}).get("conditions", [])
    return any(
        each["type"] == "Ready" and each["status"] == "True" and each.get("observedGeneration") == generation
        for each in conditions
    )


def ready_strategies(namespaces: list[str]) -> list[str]:
    """The names of the Strategies that are Ready."""
    found = [item for each in namespaces for item in ask(f"{GROUP}/namespaces/{each}/strategies")["items"]]
    return sorted(item["metadata"]["name"] for item in found if is_ready(item))


def wait_for_strategy(namespaces: list[str], seconds: float) -> list[str]:
    """The Strategies that are Ready, as soon as there is one; none when the time is over."""
    deadline = time.monotonic() + seconds
    said = ""
    while time.monotonic() < deadline:
        try:
            if names := ready_strategies(namespaces):
                return names
            news = "no Strategy is Ready yet: kubectl apply -f examples/"
        except (OSError, urllib.error.URLError) as error:
            news = f"the API server does not answer as it should: {error}"
        if news != said:
            print(news, flush=True)
        said = news
        time.sleep(POLL_SECONDS)
    return []


def main() -> int:
    """Wait, then say where the market comes from; 1 where nobody was Ready in time."""
    namespaces = json.loads(os.environ["NAMESPACES"])
    seconds = float(os.environ["WAIT_SECONDS"])
    feed = json.loads(os.environ["FEED"])
    names = wait_for_strategy(namespaces, seconds)
    if not names:
        print(f"no Strategy became Ready within {seconds:g} s, so nothing is replayed", file=sys.stderr)
        return 1
    where = f"api/v1/namespaces/{os.environ['FEED_NAMESPACE']}/configmaps/{os.environ['FEED_CONFIG_MAP']}"
    ask(where, change={"data": feed})
    print(f"{', '.join(names)}: Ready; the feed replays {feed['path']} at speed {feed['speed']}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
