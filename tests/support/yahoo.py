"""Yahoo's chart API on a socket, for the unmodified yfinance: a proxy with an authority of its own for TLS."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yfinance
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from yfinance.data import YfData

from alpha_panda.runtime.yahoo_settings import YahooSettings

Candle = tuple[int, float | None, float | None, float | None, float | None, float | None]
"""Seconds since 1970, open, high, low, close, volume."""
_LENGTHS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": 86_400}
_MINUTES_OPEN = timedelta(hours=6, minutes=15)


@dataclass
class Yahoo:
    """What the fake knows, what it does wrong, and what it was asked."""

    candles: dict[str, list[Candle]] = field(default_factory=dict)
    zone: str = "Asia/Kolkata"
    too_many: int = 0
    """So many of the next questions are too many."""
    broken: int = 0
    """So many of the next answers are no JSON."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    limited: int = 0

    def forget(self) -> None:
        """Begin anew; the client keeps what it was answered."""
        self.candles, self.asked, self.zone = {}, [], "Asia/Kolkata"
        self.too_many = self.broken = self.limited = 0
        YfData.cache_get.cache_clear()

    def minutes(self, symbol: str, begin: datetime, prices: list[float], volume: int = 100) -> None:
        """A minute for each price, from a moment on."""
        at = int(begin.timestamp())
        known = self.candles.setdefault(symbol, [])
        known += [(at + 60 * index, p, p + 1, p - 1, p, volume) for index, p in enumerate(prices)]

    @property
    def questions(self) -> list[dict[str, str]]:
        """The questions for bars of a span of days."""
        return [asked for path, asked in self.asked if "period1" in asked and "/chart/" in path]

    def reply(self, path: str, asked: dict[str, str]) -> tuple[int, str]:
        """Status and body."""
        self.asked.append((path, asked))
        if path.endswith("/getcrumb"):
            return 200, "crumb"
        if "/v8/finance/chart/" not in path:
            return 404, "<html>not here</html>"
        if self.too_many:
            self.too_many -= 1
            self.limited += 1
            return 429, "Too Many Requests"
        if self.broken:
            self.broken -= 1
            return 200, "<html>a page</html>"
        symbol = path.rpartition("/")[2].replace("%5E", "^").replace("%26", "&")
        if symbol not in self.candles:
            error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return 404, json.dumps({"chart": {"result": None, "error": error}})
        return 200, json.dumps({"chart": {"result": [self._chart(symbol, asked)], "error": None}})

    def _chart(self, symbol: str, asked: dict[str, str]) -> dict[str, Any]:
        begin, end = int(asked.get("period1", 0)), int(asked.get("period2", 2**40))
        rows = [row for row in self.candles[symbol] if begin <= row[0] < end]
        columns = zip(*rows, strict=True) if rows else iter([[]] * 6)
        times, *cells = (list(each) for each in columns)
        names = ("open", "high", "low", "close", "volume")
        quote = dict(zip(names, cells, strict=True)) if rows else {}
        interval = asked["interval"]
        chart: dict[str, Any] = {
            "meta": {
                "currency": "INR",
                "symbol": symbol,
                "instrumentType": "EQUITY",
                "exchangeTimezoneName": self.zone,
                "timezone": "IST",
                "gmtoffset": 19_800,
                "dataGranularity": interval,
                "firstTradeDate": 0,
                "regularMarketTime": times[-1] if times else 0,
                "regularMarketPrice": cells[3][-1] if rows else 0.0,
                "validRanges": ["1d", "5d", "max"],
            },
            "indicators": {
                "quote": [quote],
                **({"adjclose": [{"adjclose": cells[3]}]} if interval == "1d" and rows else {}),
            },
        }
        if rows:
            chart["timestamp"] = times
        if interval != "1d":
            chart["meta"]["tradingPeriods"] = _periods(times)
        return chart


def _periods(times: list[int]) -> list[list[dict[str, Any]]]:
    """The regular hours of each day, as a chart tells them."""
    days = sorted({datetime.fromtimestamp(at + 19_800, UTC).date() for at in times})
    opens = [int(datetime(day.year, day.month, day.day, 3, 45, tzinfo=UTC).timestamp()) for day in days]
    length = int(_MINUTES_OPEN.total_seconds())
    return [[{"timezone": "IST", "start": at, "end": at + length, "gmtoffset": 19_800}] for at in opens]


def _handler(yahoo: Yahoo, context: ssl.SSLContext) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_CONNECT(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile = self.connection.makefile("rb", -1)
            self.wfile = self.connection.makefile("wb", 0)
            self.close_connection = False

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            with lock:
                status, text = yahoo.reply(parts.path, {name: v[0] for name, v in parse_qs(parts.query).items()})
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json" if text.startswith("{") else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def finish(self) -> None:
            super().finish()
            self.connection.close()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def _certificate(folder: Path) -> tuple[Path, Path]:
    """An authority that is its own server."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    hosts = [x509.DNSName(each) for each in ("*.finance.yahoo.com", "finance.yahoo.com", "*.yahoo.com")]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "yahoo.pem", folder / "yahoo.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return certificate, secret


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's
        """Clients that go are no fault."""


@contextmanager
def running_yahoo(folder: Path) -> Iterator[tuple[Yahoo, Callable[..., YahooSettings]]]:
    """Serve until the block is left; what this gives makes the settings that lead here."""
    yahoo = Yahoo()
    certificate, key = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = _Proxy(("127.0.0.1", 0), _handler(yahoo, context))
    thread = threading.Thread(target=server.serve_forever, name="yahoo")
    thread.start()
    yfinance.set_tz_cache_location(str(folder / "cache"))

    def settings(**values: object) -> YahooSettings:
        proxy = f"http://127.0.0.1:{server.server_address[1]}"
        fast = {"per_second": 20, "first_pause_seconds": 0.05}
        return YahooSettings.model_validate({"proxy": proxy, "authority": certificate, **fast, **values})

    try:
        yield yahoo, settings
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)
