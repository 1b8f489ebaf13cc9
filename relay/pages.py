"""What the server answers itself: the browser viewer's files, its health, its counters, and plain errors."""

import ipaddress
import os
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from relay.switch.socket import Receive, Scope, Send

HSTS: Final = "max-age=31536000"
# The viewer's modules and its worker load from this server and talk to this server only.
SCRIPT_POLICY: Final = "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self'"
# By suffix, and not by what the machine's own tables say: browsers refuse modules of another type.
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
GAUGES: Final = frozenset({"agents", "viewers_waiting", "pairs", "newcomers"})


class ViewerFiles(StaticFiles):
    """The folder of the browser viewer. Files of kinds that it has no use for are not there."""

    def __init__(self, folder: Path, headers: dict[str, str]) -> None:
        super().__init__(directory=folder, follow_symlink=False)
        self._headers = {**headers, "cache-control": "no-cache", "content-security-policy": SCRIPT_POLICY}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file or a plain error."""
        try:
            return await super().get_response(path, scope)
        except HTTPException as error:
            return plain(error.status_code, self._headers)
        except ValueError:
            # A path with a zero byte in it.
            return plain(404, self._headers)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return a file, or that it has not changed."""
        kind = TYPES.get(Path(full_path).suffix)
        if kind is None:
            return plain(404, self._headers)
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["content-type"] = kind
        response.headers.update(self._headers)
        return response


def common_headers(public_url: str, host_is_loopback: bool) -> dict[str, str]:
    """Return the headers of everything that is answered here.

    No HSTS for loopback names: it would turn every other program on the visitor's own machine to HTTPS too.
    """
    headers = {"x-content-type-options": "nosniff", "cross-origin-resource-policy": "same-origin"}
    if public_url.startswith("https:") and not host_is_loopback:
        headers["strict-transport-security"] = HSTS
    return headers


def plain(status: int, headers: dict[str, str], text: str | None = None) -> Response:
    """Return a short text answer."""
    return Response(text or HTTPStatus(status).phrase, status, headers, media_type="text/plain")


class StatsCollector(Collector):
    """The counters of the switch, in the form that Prometheus reads."""

    def __init__(self, stats: Callable[[], dict[str, int]]) -> None:
        self._stats = stats

    def collect(self) -> list[Metric]:
        """Return what there is now."""
        metrics: list[Metric] = []
        for name, value in sorted(self._stats().items()):
            help_text = name.replace("_", " ").replace("-", " ")
            metric = f"towline_relay_{name.replace('-', '_')}"
            if name in GAUGES:
                metrics.append(GaugeMetricFamily(metric, help_text, value=value))
            else:
                metrics.append(CounterMetricFamily(metric, help_text, value=value))
        return metrics


def asks_from_this_machine(scope: Scope) -> bool:
    """Whether a request came from this machine and names it so: through no proxy, and from no page of another site."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if any(name in headers for name in (b"x-forwarded-for", b"forwarded", b"via")):
        return False
    client = scope.get("client")
    host = headers.get(b"host", b"").decode("latin-1").rpartition(":")[0] or headers.get(b"host", b"").decode("latin-1")
    try:
        return (
            client is not None
            and ipaddress.ip_address(client[0]).is_loopback
            and (host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback)
        )
    except ValueError:
        return False


class Health:
    """`/healthz`: the process runs. `/readyz`: it can serve. `/metrics`: counters, for this machine only."""

    def __init__(
        self, stats: Callable[[], dict[str, int]], ready: Callable[[], Awaitable[bool]], headers: dict[str, str]
    ) -> None:
        self._ready = ready
        self._headers = {**headers, "cache-control": "no-store"}
        self._registry = CollectorRegistry()
        self._registry.register(StatsCollector(stats))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await (await self._answer(scope))(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return plain(405, {**self._headers, "allow": "GET, HEAD"})
        if scope["path"] == "/healthz":
            return plain(200, self._headers, "ok\n")
        if scope["path"] == "/readyz":
            ready = await self._ready()
            return plain(200 if ready else 503, self._headers, "ready\n" if ready else "not ready\n")
        if not asks_from_this_machine(scope):
            return plain(404, self._headers)
        return Response(generate_latest(self._registry), 200, {**self._headers, "content-type": CONTENT_TYPE_LATEST})
