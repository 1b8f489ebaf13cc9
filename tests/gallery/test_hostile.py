"""What hostile people write into every field stays text on every page of a desk that is worked on."""

import json
from dataclasses import replace
from pathlib import Path

import httpx

from tests.gallery.living import live
from tests.gallery.pages import PAGES, Shot
from tests.tickets.mail.intake.inbox import INTAKE, mail
from tests.tickets.pages.html import parse_html
from tests.tickets.world import PUBLIC_URL, World, make_world
from tickets.mail.intake.processing import IntakeProcessor
from tickets.mail.intake.receiving import Arrival, Receiver
from tickets.mail.intake.understanding import InlineReader
from tickets.pages.routes.portal import SENT_COOKIE

HOSTILE = " <img src=x onerror=alert(1)>{{7*7}}\"'><script>"
SHORT = " <b id=x>\"'{{7*7}}"
"""For fields of forty characters."""
TEXTS = frozenset(
    {"title", "description", "text", "solution", "body", "note", "name", "label", "reason", "comment", "csv", "hint"}
)


def hostile(value: object, key: str = "") -> object:
    """Return a body with something hostile behind every text that people choose."""
    match value:
        case dict():
            return {name: hostile(found, name) for name, found in value.items()}
        case list():
            return [hostile(each, key) for each in value]
        case str() if key == "tags":
            return value + SHORT
        case str() if key in TEXTS:
            return value + HOSTILE
        case _:
            return value


class HostileTransport(httpx.ASGITransport):
    """Carries requests to the desk with hostile texts in them."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Change the body on its way."""
        if request.headers.get("content-type") == "application/json":
            body: object = hostile(json.loads(await request.aread()))
            content = json.dumps(body).encode()
        else:
            content = (await request.aread()).replace(b"nobody", b"<img src=x onerror=alert(1)>{{7*7}},<script>")
        headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"content-length"]
        changed = httpx.Request(request.method, request.url, headers=headers, content=content)
        return await super().handle_async_request(changed)


async def hostile_mail(world: World) -> None:
    """Take in a mail that is hostile wherever it has words."""
    context = world.desk._context
    sender = '"<img src=x onerror=alert(1)>{{7*7}}" <eve@elsewhere.example>'
    for number, subject in enumerate((HOSTILE.strip(), f"Re: [TL-0000-0000] {HOSTILE}")):
        data = mail(HOSTILE, sender=sender, subject=subject, ident=f"<h{number}@x.example>")
        await Receiver(context).receive(data, Arrival("smtp", trusted=True))
    await IntakeProcessor(context, INTAKE, InlineReader()).process_due()


def faults(shot: Shot, text: str) -> list[str]:
    """Return what would run, or was worked out, on a page."""
    found = [bad for bad in ("<img src=x", "<script>", "<b id=x", "onerror=alert(1)>") if bad in text]
    for element in parse_html(text).walk():
        found += [name for name in element.attributes if name.startswith("on") or name == "srcdoc"]
        for name in ("href", "src", "action", "formaction"):
            if element.attributes.get(name, "").strip().lower().startswith(("javascript:", "data:", "vbscript:", "//")):
                found.append(f"{name} of {element.tag}")
    return [f"{shot.name}: {each}" for each in found]


async def test_hostile_words_are_text_on_every_page(tmp_path: Path) -> None:
    async with make_world(tmp_path / "data") as world:
        transport = HostileTransport(world.desk.asgi)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
            places = await live(replace(world, client=client))
        await hostile_mail(world)
        cookies = {who: await world.cookie(name) for who, name in places.people.items()}
        wrong, seen = [], []
        for shot in PAGES:
            address = places.path(shot).partition("#")[0]
            headers = {"cookie": cookies.get(shot.who, f"{SENT_COOKIE}={places.names['sent']}")}
            answer = await world.client.get(address, headers=headers, follow_redirects=True)
            assert answer.status_code == (404 if shot.name == "not-found" else 200), f"{shot.name}: {answer.text}"
            wrong += faults(shot, answer.text)
            seen += [shot.name] if "{{7*7}}" in answer.text else []
        assert wrong == []
        # The words are there, as words.
        assert {"queue", "ticket", "ticket-solved", "knowledge", "answer", "article", "admin-teams"} <= set(seen), seen
        assert len(seen) >= 24, sorted({shot.name for shot in PAGES} - set(seen))


def test_a_fault_is_seen() -> None:
    shot = PAGES[0]
    assert faults(shot, "<p>&lt;img src=x onerror=alert(1)&gt;</p>") == []
    assert faults(shot, "<p><img src=x onerror=alert(1)></p>")
    assert faults(shot, '<a href="javascript:alert(1)">x</a>')
    assert faults(shot, '<p title="x" onmouseover="y">x</p>')
