"""Links by mail: they go to whom they belong to, and nobody learns from the answer whether there is anything."""

import re

import pytest
from sqlalchemy import select

from tests.support.mail_peer import MailPeer, part
from tests.tickets.databases import Databases
from tests.tickets.mail.desk import MailDesk
from tests.tickets.world import PUBLIC_URL, Caller, World, make_world
from tickets.store.schema import link_requests

MARIA = "maria@office.example"


def keys_of(peer: MailPeer, recipient: str, page: str) -> list[str]:
    """Return the keys of the links to `page` in the mails to somebody."""
    found: list[str] = []
    for mail in peer.to(recipient):
        found += re.findall(re.escape(f"{PUBLIC_URL}{page}#") + r"(\S+)", part(mail, "plain"))
    return found


async def test_the_link_goes_to_the_requester(office: MailDesk, peer: MailPeer) -> None:
    filed = await office.world.ticket()
    await office.send()
    answer = await office.world.stranger.post(f"/tickets/{filed.tracking}/link", {"email": "Maria@Office.Example"})
    assert (answer.status_code, answer.content) == (202, b"")
    await office.send()
    mail = peer.to(MARIA)[-1]
    assert mail["Subject"] == f"{filed.tracking}: your link"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert keys_of(peer, MARIA, f"/t/{filed.tracking}") == [filed.requester.token] * 2


@pytest.mark.parametrize(
    ("number", "email"),
    [
        ("{tracking}", "eve@evil.example"),
        ("TL-0000-0000", MARIA),
        ("TL-0000-0001", MARIA),
        ("nonsense", MARIA),
        ("x" * 90, MARIA),
        ("{tracking}", MARIA),
    ],
)
async def test_the_answer_is_the_same_for_all(office: MailDesk, peer: MailPeer, number: str, email: str) -> None:
    filed = await office.world.ticket()
    await office.send()
    path = f"/tickets/{number.format(tracking=filed.tracking)}/link"
    answer = await office.world.stranger.post(path, {"email": email})
    told = (answer.status_code, answer.content, dict(answer.headers))
    right = await office.world.stranger.post(f"/tickets/{filed.tracking}/link", {"email": MARIA})
    assert told == (right.status_code, right.content, dict(right.headers))
    # Until the worker looks, the database has done the same for both.
    async with office.world.desk._context.database.read() as connection:
        assert len((await connection.execute(select(link_requests))).all()) == 2
    assert len(await office.rows()) == 1
    await office.send()
    fits = number == "{tracking}" and email == MARIA
    assert len(peer.to(MARIA)) == 2 + fits
    assert peer.to("eve@evil.example") == []


async def test_a_list_of_all_requests_opens_for_an_hour(office: MailDesk, peer: MailPeer) -> None:
    world = office.world
    first = await world.ticket(title="First")
    world.clock.forward(5)
    second = await world.ticket(title="Second")
    foreign = await world.ticket(email="karl@office.example")
    await world.stranger.must("/my/link", {"email": MARIA}, 202)
    await office.send()
    [key] = keys_of(peer, MARIA, "/my")
    found = await world.stranger.must("/my/requests", {"key": key})
    assert [(each["tracking"], each["title"]) for each in found["items"]] == [
        (second.tracking, "Second"),
        (first.tracking, "First"),
    ]
    assert foreign.tracking not in str(found)
    # Each leads on.
    token = found["items"][1]["link"].partition("#")[2]
    assert (await Caller(world.client, token).get(f"/tickets/{first.tracking}")).status_code == 200
    # What stands in the database opens nothing.
    assert not any(key in row["text"] + row["html"] for row in await office.rows())
    world.clock.forward(3_599)
    await world.stranger.must("/my/requests", {"key": key})
    world.clock.forward(2)
    assert (await world.stranger.post("/my/requests", {"key": key})).status_code == 410


async def test_nobody_elses_key_opens_a_list(office: MailDesk, peer: MailPeer) -> None:
    world = office.world
    await world.ticket()
    await world.ticket(email="karl@office.example")
    for email in (MARIA, "karl@office.example"):
        await world.stranger.must("/my/link", {"email": email}, 202)
    await office.send()
    [maria], [karl] = keys_of(peer, MARIA, "/my"), keys_of(peer, "karl@office.example", "/my")
    person, until, mac = maria.split(".")
    forged = [
        f"{karl.split('.')[0]}.{until}.{mac}",
        f"{person}.{int(until) + 3_600}.{mac}",
        f"{person}.{until}.{karl.split('.')[2]}",
        f"{person}.{until}",
        f"{person}.x.{mac}",
        f"{person}.{until}.",
        "..",
        "é",
    ]
    for key in forged:
        assert (await world.stranger.post("/my/requests", {"key": key})).status_code == 410, key
    assert (await world.stranger.post("/my/requests", {"key": maria})).status_code == 200


async def test_an_address_without_requests_gets_no_mail(office: MailDesk, peer: MailPeer) -> None:
    await office.world.ticket()
    await office.send()
    await office.world.stranger.must("/my/link", {"email": "nobody@office.example"}, 202)
    await office.send()
    assert len(peer.mails) == 1


async def test_links_are_not_mailed_without_end(office: MailDesk, peer: MailPeer) -> None:
    filed = await office.world.ticket()
    await office.send()
    limits = office.world.settings.limits
    for number in range(limits.link_recipient.count + 2):
        async with office.world.somebody_at(f"198.51.{number}.7") as client:
            caller = Caller(client)
            await caller.must(f"/tickets/{filed.tracking}/link", {"email": MARIA}, 202)
    await office.send()
    assert len(peer.to(MARIA)) == 1 + limits.link_recipient.count
    async with office.world.somebody_at("203.0.113.9") as client:
        codes = [
            (await Caller(client).post("/my/link", {"email": f"x{number}@office.example"})).status_code
            for number in range(limits.link_address.count + 1)
        ]
    assert codes == [202] * limits.link_address.count + [429]


async def test_what_is_no_address_is_said_so(office: MailDesk) -> None:
    filed = await office.world.ticket()
    answer = await office.world.stranger.post(f"/tickets/{filed.tracking}/link", {"email": "maria"})
    assert answer.status_code == 422


async def test_without_mail_nothing_is_promised(world: World) -> None:
    filed = await world.ticket()
    answer = await world.stranger.post(f"/tickets/{filed.tracking}/link", {"email": MARIA})
    assert answer.status_code == 409
    assert answer.json()["title"] == "This help desk sends no mail"


async def test_databases_are_used(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The links of one server open nothing on another."""
    async with make_world(tmp_path_factory.mktemp("other"), databases) as other:
        key = other.desk._context.keys.list_key("somebody", 4_000_000_000)
        assert other.desk._context.keys.list_owner(key, other.desk._context.now()) == "somebody"
        assert (await other.stranger.post("/my/requests", {"key": key})).json() == {"items": []}
