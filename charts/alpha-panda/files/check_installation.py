"""What `helm test` runs: the operator leads and is ready, and the API answers and knows its token.

It needs nothing but Python. Whatever is wrong is told with its address, and once only: Helm shows the log.
"""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request

ANSWER_SECONDS = 5.0
POLL_SECONDS = 2.0


def problem(url: str, token: str = "", expected: int = 200) -> str:
    """What is wrong with the answer of `url`; empty where it is the expected one."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})  # noqa: S310 - the chart's own Services
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - likewise
            status = int(answer.status)
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError as error:
        return f"{url}: {error}"
    return "" if status == expected else f"{url}: answered {status} instead of {expected}"


def problems() -> list[str]:
    """Everything that is wrong now."""
    operator, api, token = os.environ["OPERATOR"], os.environ["API"], os.environ["API_TOKEN"]
    found = [
        problem(f"{operator}/readyz"),
        problem(f"{operator}/metrics"),
        problem(f"{api}/metrics"),
        problem(f"{api}/api/v1/strategies", token),
        problem(f"{api}/api/v1/strategies", expected=401),
    ]
    return [each for each in found if each]


def main() -> int:
    """Ask until all is well or the time is over."""
    deadline = time.monotonic() + float(os.environ.get("WAIT_SECONDS", "120"))
    while found := problems():
        if time.monotonic() > deadline:
            print("\n".join(found), file=sys.stderr)
            return 1
        time.sleep(POLL_SECONDS)
    print("the operator is ready, and the API answers those who have its token and nobody else")
    return 0


if __name__ == "__main__":
    sys.exit(main())
