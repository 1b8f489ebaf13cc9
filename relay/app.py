"""The composition root of the server: the one place that knows switch, help desk and the viewer's files.

`build` makes the front process's parts, `build_worker` the worker's; the commands of `relay.cli` that need the help
desk's data go through here as well.
"""

import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocol.rights import Right
from relay.certificates import CertificatePaths, ensure_server_certificate, make_authority, utc_now
from relay.clock import SystemClock
from relay.config import CertificateFiles, Settings, is_loopback
from relay.front import Front, Listening
from relay.pages import Health, ViewerFiles, common_headers, plain
from relay.switch.doorman import Doorman
from relay.switch.endpoints import Endpoints
from relay.switch.limits import SwitchLimits
from relay.switch.socket import Receive, Scope, Send
from relay.switch.switchboard import Switchboard
from tickets.app import HelpDesk, build_help_desk
from tickets.settings import HelpDeskSettings

# Agents and viewers come back after this time to twice that, so that not all of them do at once.
RETRY_IN_MS: Final = 2_000


class Router:
    """Sends every request to the part of the server that answers it."""

    def __init__(
        self, relay: Endpoints, desk: HelpDesk, files: ViewerFiles, health: Health, headers: dict[str, str]
    ) -> None:
        self._relay = relay
        self._desk = desk
        self._files = files
        self._health = health
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or serve one websocket."""
        path: str = scope["path"]
        websocket = scope["type"] == "websocket"
        if path.startswith("/relay/"):
            if websocket:
                await self._relay(scope, receive, send)
            else:
                answer = plain(426, {**self._headers, "upgrade": "websocket", "connection": "upgrade"})
                await answer(scope, receive, send)
        elif path.startswith("/static/viewer/") and not websocket:
            inner = {**scope, "root_path": scope.get("root_path", "") + "/static/viewer"}
            await self._files(inner, receive, send)
        elif path in ("/healthz", "/readyz", "/metrics") and not websocket:
            await self._health(scope, receive, send)
        else:
            await self._desk.asgi(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Server:
    """The front process's parts, wired."""

    settings: Settings
    switchboard: Switchboard
    desk: HelpDesk
    front: Front

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve while the context is open. Raises OSError when the port is taken."""
        await self.desk.open()
        try:
            self.switchboard.start(self.desk.gate)
            try:
                await self.front.start()
                yield
            finally:
                await self.front.stop()
                await self.switchboard.stop()
        finally:
            await self.desk.close()


def desk_settings(settings: Settings) -> HelpDeskSettings:
    """Return what the help desk wants to know."""
    return HelpDeskSettings(
        data_dir=settings.data_dir,
        public_url=settings.server.public_url,
        database_url=settings.database.url,
        allowed_origins=tuple(sorted(settings.origins)),
        organisation_name=settings.organisation.name,
        tracking_prefix=settings.organisation.tracking_prefix,
        session_rights=tuple(Right(right) for right in settings.session.rights),
    )


def viewer_folder() -> Path:
    """Return the folder of the browser viewer's files, found without importing the viewer's program."""
    spec = importlib.util.find_spec("technician_viewer")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package technician_viewer is not installed")
    return Path(spec.origin).parent / "web"


def certificate_paths(settings: Settings) -> CertificatePaths:
    """Return where the private CA of these settings lives."""
    return CertificatePaths.of(settings.ca_file, settings.data_dir / "tls")


def prepare_certificate(settings: Settings) -> CertificateFiles | None:
    """Return the certificate to serve with, made or renewed where it is ours; None for plain HTTP on loopback.

    Raises CertificateError, OSError.
    """
    tls = settings.server.tls
    if tls == "off":
        return None
    if isinstance(tls, CertificateFiles):
        return tls
    paths, at = certificate_paths(settings), utc_now()
    if not paths.root.exists() and not paths.root_key.exists():
        make_authority(paths, settings.host, settings.organisation.name, at)
    ensure_server_certificate(paths, settings.host, at)
    return CertificateFiles(paths.server, paths.server_key)


def build(settings: Settings) -> Server:
    """Return the front process's parts, nothing of it started.

    Raises CertificateError, OSError, tickets' KeysUnusable.
    """
    files = prepare_certificate(settings)
    limits = SwitchLimits(
        agent_offline_s=settings.limits.agent_offline_s,
        newcomers_per_address=settings.limits.newcomers_per_address,
        newcomers_in_all=settings.limits.newcomers_in_all,
    )
    switchboard = Switchboard(SystemClock(), limits)
    desk = build_help_desk(desk_settings(settings), switchboard=switchboard)
    doorman = Doorman(settings.origins, limits)
    headers = common_headers(settings.server.public_url, is_loopback(settings.host))

    async def ready() -> bool:
        return not switchboard.closing

    def stats() -> dict[str, int]:
        return {**switchboard.stats, "newcomers": doorman.newcomers}

    router = Router(
        Endpoints(switchboard, desk.gate, doorman),
        desk,
        ViewerFiles(viewer_folder(), headers),
        Health(stats, ready, headers),
        headers,
    )
    listening = Listening(
        settings.server.bind,
        settings.server.port,
        None if files is None else files.certificate,
        None if files is None else files.key,
        settings.server.trusted_proxies,
    )
    front = Front(router, listening, lambda: switchboard.go_away(RETRY_IN_MS))
    return Server(settings, switchboard, desk, front)
