"""What strangers wrote stays text on every page; what may run is said once and holds everywhere."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.tickets.pages.conftest import Staff
from tests.tickets.pages.html import Element, parse_html
from tests.tickets.world import World
from tickets.domain.access import Role
from tickets.pages.site import STATIC, TEMPLATES

SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"{SCRIPT}\"'><img src=x onerror=alert(1)>{{{{7*7}}}}</textarea></title>"
ALLOWED_SCRIPTS = re.compile(r"/static/(pages|viewer)/[a-z-]+\.js\Z")


def check_harmless(page: Element) -> None:
    for element in page.walk():
        assert "style" not in element.attributes, element.tag
        assert not [name for name in element.attributes if name.startswith("on")], element.attributes
        assert element.tag not in {"style", "iframe", "object", "embed", "base"}
        for name in ("href", "src", "action"):
            assert not element.attributes.get(name, "").lower().startswith(("javascript:", "data:", "//")), element
        if element.tag == "script":
            assert ALLOWED_SCRIPTS.match(element.attributes["src"])
            assert element.parts == []
        if element.tag == "img":
            assert element.attributes["src"].startswith("/static/")


async def test_hostile_words_are_text_on_every_page(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    api = await world.technician("Api")
    root = await world.technician("Root", Role.ADMIN)
    await root.must("/categories", {"name": HOSTILE[:100], "skills": ["<b>skill</b>"]}, 201)
    team = await root.must("/teams", {"name": HOSTILE[:100], "members": [api.id]}, 201)
    await root.must("/rules", {"name": HOSTILE[:100], "team": team["id"]}, 201)
    span = {"from_at": "2026-11-01T00:00:00Z", "to_at": "2027-11-01T00:00:00Z", "reason": HOSTILE}
    await api.must(f"/technicians/{api.id}/absences", span, 201)
    filed = await world.ticket(title=HOSTILE, description=HOSTILE, category=HOSTILE[:100], name=HOSTILE[:100])
    await api.must(f"/tickets/{filed.tracking}/claim")
    await api.must(f"/tickets/{filed.tracking}/messages", {"text": HOSTILE}, 201)
    await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": HOSTILE}, 201)
    article = await api.must("/articles", {"title": HOSTILE, "body": HOSTILE, "category": HOSTILE[:100]}, 201)
    await api.must(f"/tickets/{filed.tracking}/resolve", {"solution": HOSTILE})
    other = await world.ticket(title=HOSTILE)
    pages = (
        "/console?view=all",
        "/console?view=all&q=%3Cscript%3Ealert",
        f"/console?q={'%22%3E' + SCRIPT}",
        f"/console/tickets/{filed.tracking}",
        f"/console/tickets/{other.tracking}",
        f"/console/articles/{article['id']}/edit",
        f"/console/articles/{article['id']}/revisions",
        "/console/articles/report",
        "/console/articles?q=%22%3E%3Cscript%3E",
        f"/console/articles/{article['id']}",
        f"/articles/{article['id']}",
        "/articles",
        f"/{SCRIPT}",
        f"/console/{SCRIPT}",
        f"/console/tickets/{SCRIPT}",
        f"/console?done={SCRIPT}",
    )
    admin = await staff("Boss", Role.ADMIN)
    for_admins = (
        "/admin/categories",
        "/admin/teams",
        f"/admin/teams/{team['id']}",
        "/admin/rules",
        f"/admin/technicians/{api.id}",
    )
    for who, path in [(ada, path) for path in pages] + [(admin, path) for path in for_admins]:
        page = await who.go(path)
        assert who.status != 403
        check_harmless(page)
        assert not [element for element in page.walk() if element.tag == "img" and element.attributes["src"] == "x"]
        assert "49" not in page.one("title").text
    # The words are there, as words.
    assert SCRIPT in (await ada.go(f"/console/tickets/{filed.tracking}")).one("h1").text
    assert SCRIPT in (await ada.go("/console?view=all")).text


async def test_hostile_words_come_back_as_text_in_forms(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    for path, action in (("/", "/"), ("/console/new", "/console/new"), ("/lookup", "/lookup")):
        page = await ada.go(path)
        form = page.one("form", method="post", action=action)
        names = [element.attributes["name"] for element in form.all("input") + form.all("textarea")]
        page = await ada.send(action, **dict.fromkeys(names, HOSTILE))
        assert ada.status == 422
        check_harmless(page)
        typed = [each.attributes.get("value", "") for each in page.all("input")] + [
            each.text for each in page.all("textarea")
        ]
        assert any(SCRIPT in each for each in typed)


async def test_every_page_says_what_may_run(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    filed = await world.ticket()
    for path in (
        "/",
        "/lookup",
        "/articles",
        "/t/TL-0000-0000",
        "/nothing",
        "/console",
        f"/console/tickets/{filed.tracking}",
    ):
        answer = await ada.client.get(path)
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        private = path.startswith(("/console", "/t/", "/lookup", "/nothing"))
        assert answer.headers["cache-control"] == ("no-store" if private else "no-cache")


# Shown in a sandboxed frame that has a policy of its own, in which our style sheet can't be loaded.
FRAMED = frozenset({"mail_shown.html"})


@pytest.mark.parametrize(
    "template",
    [path for path in sorted(TEMPLATES.rglob("*.html")) if path.name not in FRAMED],
    ids=lambda path: path.stem,
)
def test_no_template_holds_inline_code_or_lets_html_through(template: Path) -> None:
    source = template.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+\s*=|javascript:", source)
    # A block of JSON is data: nothing runs it.
    assert not re.search(r"<script(?! type=\"application/json\")(?![^>]*\ssrc=)", source)
    assert not re.search(r"\|\s*safe|autoescape|Markup", source)
    # An attribute's value is always quoted, which is what escaping is made for.
    assert not re.search(r"\s[\w-]+=\{\{", source)


@pytest.mark.parametrize("script", sorted(STATIC.glob("*.js")), ids=lambda path: path.stem)
def test_no_script_writes_html(script: Path) -> None:
    source = script.read_text(encoding="utf-8")
    assert not re.search(
        r"\.innerHTML\s*\+?=|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function", source
    )
    assert "http://" not in source
    assert "https://" not in source


async def test_pages_are_whole_and_can_be_read_by_everybody(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    filed = await world.ticket()
    for path in (
        "/", "/lookup", "/articles", "/t/TL-0000-0000", "/nothing", "/sent", "/console", "/console/new",
        "/console/account",
        "/console/articles", "/console/articles/new", f"/console/tickets/{filed.tracking}",
    ):  # fmt: skip
        page = parse_html((await ada.client.get(path)).text)
        check_readable(page)
    anonymous = parse_html((await world.client.get("/console/login")).text)
    check_readable(anonymous)


def check_readable(page: Element) -> None:
    """What a screen reader and a keyboard need: language, title, landmarks, one heading in order, labels, names."""
    assert page.one("html").attributes["lang"] == "en"
    assert page.one("title").text
    assert page.one("main").attributes["id"] == "main"
    assert page.all("a", href="#main")
    levels = [int(each.tag[1]) for each in page.walk() if re.fullmatch(r"h[1-6]", each.tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    assert levels.count(1) >= 1
    idents = [each.attributes["id"] for each in page.walk() if "id" in each.attributes]
    # The requester's page has two faces, of which one is shown: each has a heading of its own.
    assert len(idents) == len(set(idents)), idents
    labelled = {each.attributes.get("for") for each in page.all("label")}
    inside = {id(field) for label in page.all("label") for field in label.walk()}
    for field in (*page.all("input"), *page.all("select"), *page.all("textarea")):
        if field.attributes.get("type") != "hidden":
            assert field.attributes.get("id") in labelled or id(field) in inside, field.attributes
    for element in page.walk():
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(element.attributes.get(name, "").split()) <= set(idents), element.attributes
        if element.tag in {"a", "button"}:
            assert element.text or element.attributes.get("aria-label"), element.attributes
        if element.tag == "img":
            assert "alt" in element.attributes
        if element.tag == "nav":
            assert element.attributes["aria-label"]
