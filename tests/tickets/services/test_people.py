"""A person's data: handed out whole, and erased without a trace in any column of the database."""

import io
import json
import zipfile
import zlib
from contextlib import suppress
from typing import Any

from sqlalchemy import text

from tests.tickets.world import Caller, Filed, World
from tickets.domain.access import Role
from tickets.mail.writing import MailKind
from tickets.store import mail_addresses
from tickets.store.schema import METADATA, message_parts, outbox, pushes, raw_mails

NAME, EMAIL, WORD = "Zephyrine Quux", "zephyrine@quux.example", "krambambuli"
TRACES = ("zephyrine", "quux", WORD)


async def everywhere(world: World) -> set[str]:
    """Return the columns in which a trace stands, of our tables and of the search engine's."""
    found = set()
    async with world.desk._context.database.read() as connection:
        names = [table.name for table in METADATA.sorted_tables]
        if not world.desk._context.database.is_postgres:
            engine = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'fts_%'"
            names += [row[0] for row in await connection.execute(text(engine))]
        for name in names:
            table = METADATA.tables.get(name)
            every = text(f'SELECT * FROM "{name}"')  # noqa: S608 - the name is the database's own
            rows = await connection.execute(every if table is None else table.select())
            columns = list(rows.keys())
            for row in rows:
                found |= {f"{name}.{column}" for column, value in zip(columns, row, strict=True) if holds(value)}
    return found


def holds(value: Any) -> bool:
    """Whether a trace stands in a value, compressed ones too."""
    if isinstance(value, bytes):
        with suppress(zlib.error):
            value = zlib.decompress(value)
        value = value.decode("utf-8", "replace")
    return isinstance(value, str) and any(trace in value.casefold() for trace in TRACES)


async def person_of(admin: Caller, email: str = EMAIL) -> str:
    (found,) = (await admin.get(f"/people?q={email}")).json()["items"]
    ident: str = found["id"]
    return ident


async def a_life(world: World, ada: Caller) -> Filed:
    """Leave traces of one person wherever they can be left."""
    filed = await world.ticket(name=NAME, email=EMAIL, title=f"The {WORD} is broken", description=f"{WORD}!")
    path = f"/tickets/{filed.tracking}"
    await ada.must(f"{path}/claim")
    sent = await filed.requester.client.post(
        f"/api/v1{path}/attachments",
        content=WORD.encode(),
        headers={"authorization": f"Bearer {filed.requester.token}", "x-file-name": f"{WORD}.txt"},
    )
    assert sent.status_code == 201, sent.text
    body = {"text": f"{WORD} again", "attachments": [sent.json()["id"]]}
    said = await filed.requester.must(f"{path}/messages", body, 201)
    await ada.must(f"{path}/messages", {"text": f"Dear {NAME}, what is a {WORD}?"}, 201)
    await ada.must(f"{path}/messages", {"text": f"{NAME} is right.", "internal": True}, 201)
    await ada.must(f"{path}/tags", {"tags": [WORD]})
    await ada.must(f"{path}/watchers", {"emails": ["kai@office.example"]})
    await ada.ask("PUT", f"{path}/drafts/text", {"text": f"About {WORD}"})
    await ada.must(f"{path}/time", {"minutes": 5, "note": WORD})
    context = world.desk._context
    async with context.database.write() as connection:
        ticket = await context.find(connection, filed.tracking)
        assert ticket is not None
        now = context.now()
        await connection.execute(
            message_parts.insert().values(entry_id=int(said["id"]), quoted=WORD, html=f"<b>{WORD}")
        )
        await connection.execute(
            raw_mails.insert().values(
                source="smtp", message_key=b"k" * 32, message_id=f"<{WORD}@quux.example>", digest=b"d" * 32,
                packed=zlib.compress(WORD.encode()), size=9, trusted=False, recipients=EMAIL, sender=EMAIL,
                subject=WORD, state="done", reason=WORD, ticket_id=ticket.id, attempts=1, wanted="", received_at=now,
            )
        )  # fmt: skip
        for number, state in ((901, "sent"), (902, "pending")):
            await connection.execute(
                outbox.insert().values(
                    kind=MailKind.REPLY, ticket_id=ticket.id, number=number, recipient=EMAIL, subject=WORD, text=WORD,
                    message_id=f"<{number}@help.example>", html=WORD, state=state, attempts=0, next_try_at=now,
                    give_up_at=now, created_at=now,
                )
            )  # fmt: skip
        await connection.execute(
            pushes.insert().values(
                technician_id=ada.id, title=WORD, path=f"/console/tickets/{filed.tracking}", attempts=0,
                next_try_at=now, created_at=now,
            )
        )  # fmt: skip
        await mail_addresses.bounced(connection, EMAIL, permanent=True, reason=WORD, now=now)
    await ada.must(f"{path}/resolve", {"solution": f"Turn the {WORD}, {NAME}."})
    return filed


async def test_nothing_of_a_person_is_left_in_any_column(world: World) -> None:
    admin, ada = await world.technician("Root", Role.ADMIN), await world.technician()
    await admin.must("/webhooks", {"url": "https://reports.example/", "label": "x"}, 201)
    other = await world.ticket()
    filed = await a_life(world, ada)
    before = await everywhere(world)
    assert before >= {
        "tickets.title", "tickets.description", "tickets.solution", "tickets.requester_name", "timeline.text",
        "timeline.who", "people.email", "raw_mails.packed", "outbox.text", "message_parts.html", "attachments.name",
        "drafts.text", "ticket_tags.tag", "time_spent.note", "ticket_documents.body", "webhook_deliveries.body",
        "mail_addresses.address", "pushes.title",
    }  # fmt: skip
    erased = await admin.must(f"/people/{await person_of(admin)}/erase")
    assert (erased["tickets"], erased["files"]) == (1, 1)
    assert await everywhere(world) == set()
    # Somebody else's ticket is what it was, and the erased one is still there to be counted.
    untouched = (await admin.get(f"/tickets/{other.tracking}")).json()
    assert (untouched["title"], untouched["requester"]["name"]) == ("The printer says no", "Maria Weber")
    left = (await admin.get(f"/tickets/{filed.tracking}")).json()
    assert (left["title"], left["status"], left["requester"]["name"]) == ("(erased)", "resolved", "Erased person")
    assert left["timeline"][-1]["kind"] == "erased"


async def test_the_person_s_link_is_no_good_any_more(world: World) -> None:
    admin = await world.technician("Root", Role.ADMIN)
    filed = await world.ticket(email=EMAIL)
    assert (await filed.requester.get(f"/tickets/{filed.tracking}")).status_code == 200
    await admin.must(f"/people/{await person_of(admin)}/erase")
    assert (await filed.requester.get(f"/tickets/{filed.tracking}")).status_code == 404


async def test_the_same_address_begins_anew(world: World) -> None:
    admin = await world.technician("Root", Role.ADMIN)
    await world.ticket(email=EMAIL)
    await admin.must(f"/people/{await person_of(admin)}/erase")
    assert (await admin.get(f"/people?q={EMAIL}")).json()["items"] == []
    await world.ticket(email=EMAIL)
    (fresh,) = (await admin.get(f"/people?q={EMAIL}")).json()["items"]
    assert fresh["tickets"] == 1


async def test_all_that_is_kept_is_handed_out_and_no_internal_note(world: World) -> None:
    admin, ada = await world.technician("Root", Role.ADMIN), await world.technician()
    filed = await a_life(world, ada)
    answer = await admin.get(f"/people/{await person_of(admin)}/export")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        told = json.loads(archive.read("person.json"))
        (name,) = [each for each in archive.namelist() if each.startswith("files/")]
        assert archive.read(name) == WORD.encode()
    (ticket,) = told["tickets"]
    assert (told["email"], ticket["tracking"]) == (EMAIL, filed.tracking)
    texts = [line["text"] for line in ticket["timeline"]]
    assert f"{WORD} again" in texts
    assert f"{NAME} is right." not in texts


async def test_people_are_an_admins_business(world: World) -> None:
    admin, ada = await world.technician("Root", Role.ADMIN), await world.technician()
    await world.ticket(email=EMAIL)
    ident = await person_of(admin)
    for method, path in (("GET", "/people"), ("GET", f"/people/{ident}/export"), ("POST", f"/people/{ident}/erase")):
        assert (await ada.ask(method, path)).status_code == 403
        assert (await admin.ask(method, path)).status_code == 200


async def test_the_page_erases_only_when_the_address_was_typed(world: World) -> None:
    admin = await world.technician("Root", Role.ADMIN)
    await world.ticket(email=EMAIL)
    path = f"/admin/people/{await person_of(admin)}"
    headers = {"cookie": await world.cookie("Root"), "origin": world.settings.public_url}
    assert EMAIL in (await world.client.get(path, headers=headers)).text
    refused = await world.client.post(f"{path}/erase", data={"email": "other@quux.example"}, headers=headers)
    assert refused.status_code == 422
    assert await person_of(admin)
    done = await world.client.post(f"{path}/erase", data={"email": EMAIL.upper()}, headers=headers)
    assert done.status_code == 303
    assert (await admin.get(f"/people?q={EMAIL}")).json()["items"] == []
