"""`towline-relay doctor`: looks at what usually goes wrong, and says what to do."""

import asyncio
import ssl
import time
from dataclasses import dataclass
from datetime import timedelta

import httpx

from relay.app import (
    Trouble,
    certificate_paths,
    check_imap,
    check_smtp,
    count_dead_mail,
    count_suspended_mail,
    describe_database,
    list_technicians,
    worker_is_awake,
)
from relay.certificates import CertificateError, end_of, utc_now
from relay.clock import SystemClock
from relay.config import CertificateFiles, Settings, origin_of

ENDS_SOON = timedelta(days=14)
# Any clock that is before the day this was written is not set.
YEAR_2026_S = 1_767_225_600


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    good: bool
    says: str


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; settings that can't be read don't come as far as this."""
    running, answer = await _server(settings)
    return [
        Finding("settings", True, f"read; data in {settings.data_dir}"),
        _certificate(settings),
        await _database(settings),
        await _port(settings, running),
        answer,
        _worker(settings, running),
        await _mail(settings),
        await _intake(settings),
        _clock(),
    ]


def _certificate(settings: Settings) -> Finding:
    tls = settings.server.tls
    if tls == "off":
        return Finding("certificate", True, "none: plain HTTP on this machine only")
    paths = certificate_paths(settings)
    file, key = (tls.certificate, tls.key) if isinstance(tls, CertificateFiles) else (paths.server, paths.server_key)
    try:
        end = end_of(file)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, key)
    except CertificateError as error:
        return Finding("certificate", False, str(error))
    except (OSError, ssl.SSLError) as error:
        return Finding("certificate", False, f"{file} and {key} can't be used together: {error}")
    if utc_now() > end - ENDS_SOON:
        return Finding("certificate", False, f"{file} ends on {end:%Y-%m-%d}: renew it and restart the server")
    return Finding("certificate", True, f"good until {end:%Y-%m-%d}")


async def _database(settings: Settings) -> Finding:
    try:
        which = await describe_database(settings)
        technicians = await list_technicians(settings)
    except (Trouble, OSError) as error:
        return Finding("database", False, str(error))
    if not any(each.role == "admin" and not each.disabled for each in technicians):
        return Finding(
            "database", False, "there is no admin: towline-relay technician add EMAIL --name NAME --role admin"
        )
    return Finding("database", True, f"{which} answers; {len(technicians)} people may log in")


async def _server(settings: Settings) -> tuple[bool, Finding]:
    """Ask the running server for its readiness, by the address that everybody uses."""
    url = settings.server.public_url
    verify: ssl.SSLContext | bool = True
    if settings.server.tls == "private-ca" and settings.ca_file.exists():
        verify = ssl.create_default_context(cafile=str(settings.ca_file))
    try:
        async with httpx.AsyncClient(verify=verify, timeout=5, trust_env=False) as client:
            answer = await client.get(f"{url}/readyz")
    except httpx.HTTPError as error:
        return False, Finding(
            "address", False, f"nothing answers at {url} ({str(error) or type(error).__name__}): is the server running?"
        )
    if origin_of(url) not in settings.origins:
        return True, Finding("address", False, f"allowed_origins has to contain {url}")
    if answer.status_code != 200 or not answer.text.startswith("ready"):
        return True, Finding("address", False, f"{url} answers, but is not ready (status {answer.status_code})")
    return True, Finding("address", True, f"{url} answers and is ready")


async def _port(settings: Settings, running: bool) -> Finding:
    """Whether the port can be listened on, when no server of ours does."""
    where = f"{settings.server.bind}:{settings.server.port}"
    if running:
        return Finding("port", True, f"the server listens on {where}")
    try:
        server = await asyncio.start_server(
            lambda _reader, writer: writer.close(), settings.server.bind, settings.server.port
        )
    except OSError as error:
        return Finding("port", False, f"{where} can't be listened on: {error.strerror or error}. Choose another port.")
    server.close()
    await server.wait_closed()
    return Finding("port", True, f"{where} is free")


def _worker(settings: Settings, running: bool) -> Finding:
    if not running:
        return Finding("worker", True, "not looked at: the server does not run")
    if worker_is_awake(settings):
        return Finding("worker", True, "runs")
    return Finding("worker", False, "does not run: see the server's log")


async def _mail(settings: Settings) -> Finding:
    """Whether the SMTP server takes our mail, up to the login; and whether mail was given up."""
    smtp = settings.smtp
    if smtp is None:
        return Finding("mail", True, "not set up, so nobody is sent any: [mail] from and smtp_url")
    try:
        await check_smtp(settings)
        dead = await count_dead_mail(settings)
    except (Trouble, OSError) as error:
        return Finding("mail", False, str(error))
    if dead:
        return Finding("mail", False, f"{dead} given up: towline-relay mail list says why, mail retry tries again")
    secured = {"tls": "with TLS", "starttls": "with STARTTLS", "none": "in plain text on this machine"}[smtp.security]
    return Finding("mail", True, f"{smtp.host}:{smtp.port} answers {secured}{', logged in' if smtp.user else ''}")


async def _intake(settings: Settings) -> Finding:
    """Whether the mailbox can be read; and whether mail waits for a person."""
    imap, listener = settings.imap, settings.mail_listener
    if imap is None and listener is None:
        return Finding("mail intake", True, "not set up, so no mail comes in: [mail] imap_url or smtp_listen")
    try:
        await check_imap(settings)
        waiting = await count_suspended_mail(settings)
    except (Trouble, OSError) as error:
        return Finding("mail intake", False, str(error))
    ways = [f"{imap.host}:{imap.port} answers, {settings.mail.imap_folder} is open"] if imap is not None else []
    if listener is not None:
        ways.append(f"{'LMTP' if listener.lmtp else 'SMTP'} at {settings.mail.smtp_listen.removeprefix('lmtp:')}")
    if waiting:
        ways.append(f"{waiting} waiting for a decision: look under Mail, or towline-relay mail suspended")
    return Finding("mail intake", True, "; ".join(ways))


def _clock() -> Finding:
    """Whether this machine's clock is set at all, and keeps going at the right pace."""
    clock = SystemClock()
    if clock.at() < YEAR_2026_S:
        return Finding(
            "clock", False, f"it is {time.strftime('%Y-%m-%d', time.gmtime(clock.at()))} here: set the clock"
        )
    return Finding(
        "clock", True, f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(clock.at()))} UTC; check that this is right"
    )
