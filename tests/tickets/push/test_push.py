"""Notices on phones: read by the phone only, signed by us, and sent to public addresses only."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path

import http_ece  # type: ignore[import-untyped]
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from protocol.encoding import pack_b64, parse_b64
from relay.certificates import CertificatePaths, ensure_server_certificate, make_authority, utc_now
from relay.front import tls_context
from tests.support.mail_peer import MailPeer, mail_peer
from tests.tickets.mail.desk import MailDesk, mail_desk
from tests.tickets.world import Caller, Json
from tickets import setup
from tickets.push.encryption import check_keys, encrypt, point_of, signed_by
from tickets.push.sending import PushSender
from tickets.settings import WebhookSettings

SECRET = bytes(range(16))


@dataclass
class Phone:
    """A browser's push subscription, and what its service took for it."""

    endpoint: str = "https://push.example/send/abc"
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    status: int = 201
    requests: list[httpx.Request] = field(default_factory=list)

    def body(self, **changes: str) -> Json:
        """Return what the browser tells the help desk."""
        public = pack_b64(point_of(self.key.public_key()))
        return {"endpoint": self.endpoint, "p256dh": public, "auth": pack_b64(SECRET), "label": "My phone"} | changes

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Take a notice."""
        self.requests.append(request)
        return httpx.Response(self.status)

    def read(self) -> list[Json]:
        """Decrypt what came, by somebody else's code."""
        return [
            json.loads(http_ece.decrypt(each.content, private_key=self.key, auth_secret=SECRET, version="aes128gcm"))
            for each in self.requests
        ]


@pytest.fixture
def phone() -> Phone:
    """A phone."""
    return Phone()


@pytest.fixture
async def peer() -> AsyncIterator[MailPeer]:
    """A real SMTP server."""
    async with mail_peer() as running:
        yield running


@pytest.fixture
async def office(tmp_path: Path, peer: MailPeer) -> AsyncIterator[MailDesk]:
    """A help desk that sends mail to it."""
    async with mail_desk(tmp_path / "data", peer) as made:
        yield made


def sender(office: MailDesk, phone: Phone) -> PushSender:
    """Return a sender that reaches the phone's service."""
    return PushSender(office.world.desk._context, httpx.MockTransport(phone.answer))


async def subscribed(office: MailDesk, phone: Phone) -> Caller:
    """Return Ada, who gets notices on her phone."""
    ada = await office.world.technician("Ada")
    await ada.must("/push", phone.body(), 201)
    return ada


async def test_a_notice_is_read_by_the_phone_only(office: MailDesk, phone: Phone) -> None:
    await subscribed(office, phone)
    filed = await office.world.ticket()
    assert await sender(office, phone).send_due() == 1
    assert await sender(office, phone).send_due() == 0
    [told] = phone.read()
    assert told == {
        "title": f"{filed.tracking}: new request: The printer says no",
        "path": f"/console/tickets/{filed.tracking}",
    }
    [request] = phone.requests
    assert filed.tracking.encode() not in request.content
    assert (request.headers["content-encoding"], request.headers["ttl"]) == ("aes128gcm", "3600")


async def test_the_server_says_who_it_is(office: MailDesk, phone: Phone) -> None:
    ada = await subscribed(office, phone)
    await office.world.ticket()
    await sender(office, phone).send_due()
    scheme, _, rest = phone.requests[0].headers["authorization"].partition(" ")
    token, _, key = rest.removeprefix("t=").partition(", k=")
    assert scheme == "vapid"
    assert key == (await ada.get("/push")).json()["public_key"]
    head, claims, signature = token.split(".")
    raw = parse_b64(signature, 64)
    signed = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), parse_b64(key))
    public.verify(signed, f"{head}.{claims}".encode(), ECDSA(SHA256()))
    said = json.loads(parse_b64(claims))
    assert said["aud"] == "https://push.example"
    assert 0 < said["exp"] - office.world.clock.now_s <= 24 * 3_600


@pytest.mark.parametrize("status", [404, 410])
async def test_a_phone_that_is_gone_is_forgotten(office: MailDesk, phone: Phone, status: int) -> None:
    ada = await subscribed(office, phone)
    phone.status = status
    await office.world.ticket()
    await sender(office, phone).send_due()
    assert (await ada.get("/push")).json()["items"] == []
    office.world.clock.forward(3_600)
    await sender(office, phone).send_due()
    assert len(phone.requests) == 1


async def test_a_service_that_fails_is_tried_a_few_times(office: MailDesk, phone: Phone) -> None:
    ada = await subscribed(office, phone)
    phone.status = 503
    await office.world.ticket()
    for _ in range(6):
        await sender(office, phone).send_due()
        office.world.clock.forward(61)
    assert len(phone.requests) == 3
    assert len((await ada.get("/push")).json()["items"]) == 1


async def test_nobody_changes_somebody_elses_phones(office: MailDesk, phone: Phone) -> None:
    ada = await subscribed(office, phone)
    bob = await office.world.technician("Bob")
    [own] = (await ada.get("/push")).json()["items"]
    assert (await bob.get("/push")).json()["items"] == []
    assert (await bob.ask("DELETE", f"/push/{own['id']}")).status_code == 404
    for method, path in (("GET", "/push"), ("POST", "/push"), ("DELETE", f"/push/{own['id']}")):
        assert (await office.world.stranger.ask(method, path, phone.body())).status_code in {401, 403}
    assert (await ada.ask("DELETE", f"/push/{own['id']}")).status_code == 204
    await office.world.ticket()
    assert await sender(office, phone).send_due() == 0


async def test_a_disabled_technician_gets_none(office: MailDesk, phone: Phone) -> None:
    await subscribed(office, phone)
    await office.world.ticket()
    await setup.disable_technician(office.world.settings, "ada@help.example")
    assert await sender(office, phone).send_due() == 0
    assert phone.requests == []


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://push.example/abc"},
        {"endpoint": "https:///abc-no-host"},
        {"endpoint": "https://user@push.example/a"},
        {"endpoint": "https://push.example/\n"},
        {"endpoint": "https://[push.example/"},
        {"p256dh": "A" * 87},
        {"auth": "A" * 21},
    ],
)
async def test_what_is_no_subscription_is_refused(office: MailDesk, phone: Phone, change: dict[str, str]) -> None:
    ada = await office.world.technician("Ada")
    assert (await ada.post("/push", phone.body(**change))).status_code == 422
    await ada.must("/push", phone.body(), 201)


@asynccontextmanager
async def push_service(folder: Path, phone: Phone) -> AsyncIterator[str]:
    """Run a push service on loopback, with TLS; give the file with its authority."""
    paths = CertificatePaths.of(folder / "ca.pem", folder / "tls")
    make_authority(paths, "localhost", "push", utc_now())
    ensure_server_certificate(paths, "localhost", utc_now())
    context: ssl.SSLContext = tls_context(paths.server, paths.server_key)
    context.set_alpn_protocols([])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
        lowered = {name.decode().lower(): value.decode() for name, value in headers.items()}
        body = await reader.readexactly(int(lowered["content-length"]))
        phone.requests.append(httpx.Request("POST", phone.endpoint, headers=lowered, content=body))
        writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    phone.endpoint = f"https://localhost:{server.sockets[0].getsockname()[1]}/send/abc"
    try:
        yield str(paths.root)
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("allowed", [False, True])
async def test_no_notice_goes_to_where_only_this_server_reaches(
    office: MailDesk, phone: Phone, tmp_path: Path, allowed: bool
) -> None:
    async with push_service(tmp_path / "push", phone) as ca:
        await subscribed(office, phone)
        await office.world.ticket()
        loopback = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
        settings = office.world.settings
        context = replace(
            office.world.desk._context,
            settings=replace(settings, webhooks=WebhookSettings(loopback if allowed else (), ca)),
        )
        assert await PushSender(context).send_due() == allowed
    assert len(phone.requests) == allowed
    if allowed:
        assert phone.read()[0]["title"].endswith("The printer says no")


def test_messages_and_keys_have_bounds(phone: Phone) -> None:
    body, ours = phone.body(), generate_private_key(SECP256R1())
    check_keys(body["p256dh"], body["auth"])
    with pytest.raises(ValueError, match="too long"):
        encrypt(bytes(3_001), body["p256dh"], body["auth"], ours, bytes(16))
    assert len(encrypt(bytes(3_000), body["p256dh"], body["auth"], ours, bytes(16))) < 4_096
    assert signed_by(ours, "https://push.example:8443/a/b", "https://x.example", 0).startswith("vapid t=")
