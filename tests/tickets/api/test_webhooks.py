"""Webhooks: told in the same transaction, signed, retried, given up, and never led to where only we can reach."""

import base64
import hashlib
import hmac
import ipaddress
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import httpx
import pytest

from relay.certificates import CertificatePaths, ensure_server_certificate, make_authority, utc_now
from tests.tickets.world import Caller, Json, World
from tickets.domain.access import Role
from tickets.outward import NotOutward, OutwardTransport, is_outward
from tickets.services.delivering import GIVE_UP_AFTER, Delivering

HOUR_S = 3_600


class Receiver:
    """A program that takes deliveries and answers as it is told."""

    def __init__(self) -> None:
        self.status = 204
        self.taken: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.taken.append(request)
        return httpx.Response(self.status)


def sending(world: World, receiver: Receiver) -> Delivering:
    return Delivering(world.desk._context, httpx.MockTransport(receiver))


async def admin_with(world: World, **more: Any) -> tuple[Caller, Json]:
    admin = await world.technician("Root", Role.ADMIN)
    body = {"url": "https://reports.example/towline", "label": "Reports"} | more
    return admin, await admin.must("/webhooks", body, 201)


def signature_is_good(secret: str, request: httpx.Request) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.content
    wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return hmac.compare_digest(f"v1,{wanted}", request.headers["webhook-signature"])


async def test_what_happens_is_told_and_signed(world: World) -> None:
    _, made = await admin_with(world)
    filed = await world.ticket()
    receiver = Receiver()
    await sending(world, receiver).send_due()
    (request,) = receiver.taken
    told = json.loads(request.content)
    assert (told["type"], told["ticket"]["tracking"]) == ("ticket.submitted", filed.tracking)
    assert "maria@office.example" not in request.content.decode()
    assert signature_is_good(made["secret"], request)
    assert not signature_is_good("whsec_" + base64.b64encode(bytes(32)).decode(), request)
    await sending(world, receiver).send_due()
    assert len(receiver.taken) == 1


async def test_only_the_kinds_that_were_asked_for(world: World) -> None:
    ada = await world.technician()
    await admin_with(world, kinds=["claimed"])
    filed = await world.ticket()
    receiver = Receiver()
    await sending(world, receiver).send_due()
    assert receiver.taken == []
    await ada.must(f"/tickets/{filed.tracking}/claim")
    await sending(world, receiver).send_due()
    assert [json.loads(request.content)["type"] for request in receiver.taken] == ["ticket.claimed"]


async def test_a_receiver_that_fails_is_tried_again_and_given_up_in_the_end(world: World) -> None:
    admin, made = await admin_with(world)
    await world.ticket()
    receiver = Receiver()
    receiver.status = 500
    path = f"/webhooks/{made['view']['id']}"
    await sending(world, receiver).send_due()
    await sending(world, receiver).send_due()
    assert len(receiver.taken) == 1
    (waiting,) = (await admin.get(f"{path}/deliveries")).json()["items"]
    assert (waiting["state"], waiting["last_error"]) == ("pending", "The receiver answered 500.")
    for _ in range(int(GIVE_UP_AFTER.total_seconds() / (6 * HOUR_S)) + 12):
        world.clock.forward(6 * HOUR_S)
        await sending(world, receiver).send_due()
    (dead,) = (await admin.get(f"{path}/deliveries")).json()["items"]
    assert dead["state"] == "dead"
    assert (await admin.get("/webhooks")).json()["items"][0]["dead"] == 1
    receiver.status = 200
    assert await admin.must(f"{path}/retry") == {"deliveries": 1}
    await sending(world, receiver).send_due()
    assert (await admin.get(f"{path}/deliveries")).json()["items"][0]["state"] == "done"


async def test_a_new_secret_ends_the_old_one(world: World) -> None:
    admin, made = await admin_with(world)
    renewed = await admin.must(f"/webhooks/{made['view']['id']}/secret")
    await world.ticket()
    receiver = Receiver()
    await sending(world, receiver).send_due()
    assert signature_is_good(renewed["secret"], receiver.taken[0])
    assert not signature_is_good(made["secret"], receiver.taken[0])


async def test_one_that_is_off_or_gone_is_told_nothing(world: World) -> None:
    admin, made = await admin_with(world)
    path, receiver = f"/webhooks/{made['view']['id']}", Receiver()
    assert (await admin.ask("PATCH", path, {"active": False})).json()["active"] is False
    await world.ticket()
    await sending(world, receiver).send_due()
    assert receiver.taken == []
    assert (await admin.ask("PATCH", path, {"active": True})).json()["active"] is True
    await world.ticket()
    assert (await admin.ask("DELETE", path)).status_code == 204
    await sending(world, receiver).send_due()
    assert receiver.taken == []
    assert (await admin.ask("DELETE", path)).status_code == 404


async def test_webhooks_are_an_admins_business(world: World) -> None:
    ada = await world.technician()
    body = {"url": "https://reports.example/", "label": "x"}
    assert (await ada.post("/webhooks", body)).status_code == 403
    assert (await world.stranger.post("/webhooks", body)).status_code == 401
    admin = await world.technician("Root", Role.ADMIN)
    assert (await admin.post("/webhooks", body)).status_code == 201


@pytest.mark.parametrize("url", ["http://reports.example/", "https:// x", "file:///etc/passwd", "https://a/#b"])
async def test_a_webhook_leads_to_https(world: World, url: str) -> None:
    admin = await world.technician("Root", Role.ADMIN)
    assert (await admin.post("/webhooks", {"url": url, "label": "x"})).status_code == 422


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1", "::ffff:127.0.0.1", "0.0.0.0", "224.0.0.1"],  # noqa: S104
)
def test_what_only_we_can_reach_is_no_place_to_send_to(address: str) -> None:
    assert not is_outward(ipaddress.ip_address(address))
    assert is_outward(ipaddress.ip_address("9.9.9.9"))
    assert is_outward(ipaddress.ip_address("::ffff:9.9.9.9"))
    assert is_outward(ipaddress.ip_address("10.1.2.3"), [ipaddress.ip_network("10.0.0.0/8")])


@contextmanager
def https_server(folder: Path) -> Iterator[tuple[int, Path]]:
    """Serve HTTPS for 127.0.0.1; gives the port and the file with its authority."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    paths = CertificatePaths.of(folder / "ca.pem", folder / "tls")
    make_authority(paths, "127.0.0.1", "Test", utc_now())
    ensure_server_certificate(paths, "127.0.0.1", utc_now())
    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(paths.server, paths.server_key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], paths.root
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def test_a_network_that_an_admin_named_is_reached_over_tls(tmp_path: Path) -> None:
    with https_server(tmp_path) as (port, authority):
        url = f"https://127.0.0.1:{port}/"
        loopback = [ipaddress.ip_network("127.0.0.0/8")]
        async with httpx.AsyncClient(transport=OutwardTransport(loopback, ca_file=str(authority))) as client:
            assert (await client.post(url)).status_code == 204
        async with httpx.AsyncClient(transport=OutwardTransport(ca_file=str(authority))) as client:
            with pytest.raises(NotOutward, match="not public"):
                await client.post(url)
        # The same place, but nobody vouches for its certificate.
        async with httpx.AsyncClient(transport=OutwardTransport(loopback)) as client:
            with pytest.raises(httpx.ConnectError):
                await client.post(url)
