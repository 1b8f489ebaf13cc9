"""A desk that is being worked on: requests in every state, knowledge, mail, teams; all of it made through the API."""

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from tests.gallery.pages import Shot, Who
from tests.tickets.mail.intake.inbox import INTAKE, mail
from tests.tickets.world import A_TICKET, Caller, Filed, Json, World
from tickets.domain.access import Role
from tickets.mail.intake.processing import IntakeProcessor
from tickets.mail.intake.receiving import Arrival, Receiver
from tickets.mail.intake.understanding import InlineReader
from tickets.services.importing import Importing

DAY_S: Final = 86_400
HOUR_S: Final = 3_600

REQUESTS: Final = (
    ("Printing and scanning", "normal", "Drucker im ersten Stock druckt nur leere Seiten", "Seit heute früh."),
    ("Login and passwords", "high", "I can’t log in since the update", "“The user name or password is incorrect”."),
    ("E-mail and calendar", "normal", "Outlook asks for the password again and again", "Error 0x800CCC0E."),
    ("Internet and network", "high", "No internet in meeting room 2", "The cable works at my own desk."),
    ("Computer", "low", "The laptop’s fan is very loud", "It began after the last update."),
    ("Programs", "normal", "Excel closes when I open the budget", "No message, it is just gone."),
    ("Files and shared folders", "normal", "I can’t open the folder “Projects”", "Access denied (0x80070005)."),
    ("Internet and network", "critical", "VPN drops every ten minutes at home", "Everybody in the team has it."),
)


def _picture(*lines: str) -> bytes:
    """Return a PNG of a printer's display that says `lines`."""
    image = Image.new("RGB", (480, 200), "#1d2b33")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, 460, 180), fill="#c9d8c5", outline="#0c1317", width=4)
    for row, line in enumerate(lines):
        draw.text((44, 44 + 40 * row), line, fill="#16222b", font_size=26)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


PNG: Final = _picture("Walze ersetzen", "Code 50.4")


@dataclass(frozen=True)
class Places:
    """What stands for the names in the paths of pages."""

    names: dict[str, str]
    people: dict[Who, str]

    def path(self, shot: Shot) -> str:
        """Return the address of a page."""
        return shot.path.format(**self.names)


async def live(world: World) -> Places:
    """Fill the desk with what happened in the last twelve days; the clock is where it was at the end."""
    now_s = world.clock.now_s
    world.clock.forward(-12 * DAY_S)
    admin, ada, bob = [await world.technician(*who) for who in (("Root", Role.ADMIN), ("Ada",), ("Bob",))]
    names = await _order(world, admin, ada, bob)
    names |= await _knowledge(admin, ada)
    filed = await _requests(world, ada, bob)
    names |= await _conversation(world, ada, bob, filed)
    names |= await _mail(world, ada, filed[1])
    names |= await _programs(world, admin)
    world.clock.now_s = now_s
    return Places(names, {Who.TECHNICIAN: "Ada", Who.ADMIN: "Root"})


async def _order(world: World, admin: Caller, ada: Caller, bob: Caller) -> dict[str, str]:
    hours = {"name": "Office hours", "zone": "Europe/Berlin"}
    calendar = await admin.must("/calendars", hours, 201)
    team = await admin.must("/teams", {"name": "Networks", "members": [ada.id, bob.id], "lead": ada.id}, 201)
    category = await admin.must("/categories", {"name": "Telephones and headsets", "team": team["id"]}, 201)
    rule = await admin.must(
        "/rules", {"name": "Networks, one after the other", "team": team["id"], "strategy": "manual"}, 201
    )
    target = await admin.must(
        "/targets", {"name": "Everything", "calendar": calendar["id"], "first_answer": 60, "solution": 480}, 201
    )
    await admin.ask("PUT", f"/technicians/{bob.id}/work", {"skills": ["networks"], "cap": 12})
    return {
        "calendars": calendar["id"],
        "teams": team["id"],
        "categories": category["id"],
        "rules": rule["id"],
        "targets": target["id"],
        "technician": bob.id,
    }


async def _knowledge(admin: Caller, ada: Caller) -> dict[str, str]:
    body = (
        "Most often the connection hangs, not the printer.\n\n1. Switch the printer **off and on**.\n"
        "2. Open *Settings → Printers* and choose *Remove*.\n3. Add it again.\n\nIf it says `0x0000011b`, tell us."
    )
    article = await ada.must(
        "/articles", {"title": "The printer prints nothing", "body": body, "category": "Printing"}, 201
    )
    for title, text in (
        ("Set a new password", "Press Ctrl+Alt+Del, then *Change a password*."),
        ("Connect to the VPN from home", "Start the VPN program **before** you open a shared folder."),
        ("Access denied to a shared folder (0x80070005)", "Your account has to be in the folder’s group. Ask us."),
    ):
        await ada.must("/articles", {"title": title, "body": text, "category": "First aid"}, 201)
    draft = {"title": "Excel closes with large files", "body": "Repair Office first.", "state": "draft"}
    await admin.must("/articles", draft | {"visibility": "internal"}, 201)
    for name, data in (("menu.png", _picture("Menu", "> Self test")), ("manual.txt", b"Hold OK for five seconds.\n")):
        await ada.client.post(
            f"/api/v1/articles/{article['id']}/files",
            content=data,
            headers={"authorization": f"Bearer {ada.token}", "x-file-name": name},
        )
    told = f"{body}\n\n![Self test in the printer’s menu](file:menu.png)"
    changed = {"revision": 1, "body": told, "note": "What the menu looks like"}
    await ada.must(f"/articles/{article['id']}", changed)
    return {"article": article["id"]}


async def _requests(world: World, ada: Caller, bob: Caller) -> list[Filed]:
    filed = []
    people = ("Maria Weber", "Kai Nowak", "Liv Sørensen", "Tom O’Brien")
    for number, (category, urgency, title, description) in enumerate(REQUESTS):
        name = people[number % len(people)]
        email = f"{name.split()[0].lower()}@office.example"
        what = {"category": category, "title": title, "description": description, "urgency": urgency}
        body = A_TICKET | what | {"name": name, "email": email}
        answer = await world.stranger.post("/tickets", body, sec_fetch_site="same-origin")
        done = answer.json()
        filed.append(Filed(done["tracking"], Caller(world.client, done["requester_token"])))
        world.clock.forward(30 * HOUR_S + 3_000 * number)
    for tracking in (filed[0], filed[2], filed[5]):
        await ada.must(f"/tickets/{tracking.tracking}/claim")
    await bob.must(f"/tickets/{filed[3].tracking}/claim")
    return filed


async def _conversation(world: World, ada: Caller, bob: Caller, filed: list[Filed]) -> dict[str, str]:
    shown, solved = filed[0], filed[5]
    path = f"/tickets/{shown.tracking}"
    await ada.must(f"{path}/messages", {"text": "Guten Tag Frau Weber,\n\nsteht am Drucker eine Meldung?"}, 201)
    world.clock.forward(HOUR_S)
    sent = await shown.requester.client.post(
        f"/api/v1{path}/attachments",
        content=PNG,
        headers={"authorization": f"Bearer {shown.requester.token}", "x-file-name": "display.png"},
    )
    files = [sent.json()["id"]]
    await shown.requester.must(f"{path}/messages", {"text": "Ja, „Walze ersetzen“.", "attachments": files}, 201)
    await ada.must(f"{path}/messages", {"text": "Drum unit is in the cupboard, shelf 2.", "internal": True}, 201)
    await ada.must(f"{path}/tags", {"tags": ["printer", "first floor"]})
    await ada.must(f"{path}/watchers", {"emails": ["office@office.example"]})
    await ada.must(f"{path}/links", {"link": "related", "other": filed[2].tracking})
    await ada.must(f"{path}/time", {"minutes": 25, "note": "Looked for the drum unit"})
    await bob.must(f"/tickets/{filed[3].tracking}/messages", {"text": "Which socket is it in?"}, 201)
    await ada.must(f"/tickets/{solved.tracking}/messages", {"text": "I have repaired Office. Try it again?"}, 201)
    await ada.must(f"/tickets/{solved.tracking}/resolve", {"solution": "Repaired Office; the file opens again."})
    context = world.desk._context
    async with context.database.read() as connection:
        row = await context.find(connection, solved.tracking)
    assert row is not None
    key = context.keys.rating_key(row.id, row.requester_id, row.requester_generation)
    admin_people: Json = {"tracking": shown.tracking, "token": shown.requester.token or "", "solved": solved.tracking}
    sent_to = f"{shown.tracking}.{shown.requester.token}"
    return {**{name: str(value) for name, value in admin_people.items()}, "rating": key, "sent": sent_to}


async def _mail(world: World, ada: Caller, about: Filed) -> dict[str, str]:
    context = world.desk._context
    receiver, processor = Receiver(context), IntakeProcessor(context, INTAKE, InlineReader())
    text = "Es geht um meine Anfrage.\n\nViele Grüße\nEva"
    stranger = mail(
        text, sender="Eva Lang <eva@elsewhere.example>", subject=f"Re: [{about.tracking}] login", ident="<e@x.example>"
    )
    await receiver.receive(stranger, Arrival("smtp", trusted=True))
    await receiver.receive(b"\x00\xff" * 40, Arrival("smtp", trusted=True))
    await processor.process_due()
    listed = (await ada.get("/incoming-mail?state=suspended")).json()["items"]
    return {"mail": str(listed[0]["id"])} if listed else {"mail": "1"}


async def _programs(world: World, admin: Caller) -> dict[str, str]:
    await admin.must("/tokens", {"label": "Nightly report", "scopes": ["desk:read"], "days": 90}, 201)
    hook = await admin.must("/webhooks", {"url": "https://reports.example/towline", "label": "Reports"}, 201)
    csv = "email,name\nnora@office.example,Nora Klein\nnobody\n"
    sent = await admin.client.post(
        "/api/v1/imports?kind=requesters&file_name=people.csv",
        content=csv.encode(),
        headers={"authorization": f"Bearer {admin.token}"},
    )
    await Importing(world.desk._context).read_due()
    (person, *_) = (await admin.get("/people?q=maria")).json()["items"]
    return {"webhook": hook["view"]["id"], "import": sent.json()["id"], "person": person["id"]}
