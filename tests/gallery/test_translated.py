"""Every page in a language that nobody speaks: what is still English there, nobody can translate."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from babel import Locale

from tests.gallery.living import live
from tests.gallery.pages import PAGES, Shot, Who
from tests.tickets.mail.intake.inbox import INTAKE, NOWHERE
from tests.tickets.pages.html import Element, Person, parse_html
from tests.tickets.world import PASSWORD, make_world
from tickets.pages import app, routing
from tickets.pages.language import Tongue
from tickets.pages.messages import found_texts
from tickets.pages.sentences import Sentences

ROOT: Final = Path(__file__).resolve().parents[2]
_STRANGE: Final = str.maketrans("aeiouyAEIOUY", "äëïöüÿÄËÏÖÜŸ")
_KEPT: Final = re.compile(r"(%\(\w+\)s|\{\w*\}|<[^>]*>|%%)")
_ENGLISH: Final = re.compile(r"[A-Za-z]*[aeiouyAEIOUY][A-Za-z]*")
_SPOKEN_ATTRIBUTES: Final = ("aria-label", "title", "placeholder", "alt")
_SILENT: Final = frozenset({"code", "pre", "script", "style", "time", "textarea", "kbd", "svg"})
NAMES: Final = frozenset(
    {
        *("Towline", "Office", "Help", "Ada", "Bob", "Root", "Deutsch", "English", "UTC", "Europe", "Berlin"),
        *("CSV", "HTML", "KB", "kB", "MB", "requesters", "printer", "first-floor", "networks", "towline-agent"),
        *("first", "floor", "login", "age", "email", "Nora", "Klein"),
    }
)
"""Names, units and people's words of one word."""


def strange(text: str) -> str:
    """Return a text in the language that nobody speaks; placeholders and tags stay."""
    return "".join(part if _KEPT.fullmatch(part) else part.translate(_STRANGE) for part in _KEPT.split(text))


class Strange(gettext.NullTranslations):
    """Knows every text."""

    def gettext(self, message: str) -> str:
        """Say it strangely."""
        return strange(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Say it strangely."""
        return strange(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:  # noqa: ARG002 - gettext's own name for it
        """Say it strangely."""
        return strange(message)


def strange_tongue() -> Tongue:
    """Return the language, with all sentences that there are."""
    said = {message.id: strange(message.id) for message in found_texts() if isinstance(message.id, str) and message.id}
    return Tongue("xx", Locale.parse("en_GB"), Strange(), Sentences(said))


def people_said() -> list[str]:
    """Return what the people of the living desk say, and its seeded categories: nothing of that is translated."""
    modules = (
        Path("tests/gallery/living.py"),
        Path("tests/tickets/world.py"),
        Path("tickets/store/migrations/versions/0007_spreading.py"),
    )
    said = []
    for path in modules:
        said += [node.value for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8")))
                 if isinstance(node, ast.Constant) and isinstance(node.value, str)]  # fmt: skip
    lines = {line.strip() for text in said for line in text.splitlines()}
    return sorted(
        (line for line in lines if len(line) > 3 and (line[:1].isupper() or " " in line)), key=len, reverse=True
    )


def texts(element: Element) -> Iterator[str]:
    """Give what a person reads or hears."""
    for part in element.parts:
        if isinstance(part, str):
            yield part.strip()
        elif (
            part.tag not in _SILENT
            and "prose" not in part.attributes.get("class", "")
            and "lang" not in part.attributes
        ):
            yield from (part.attributes.get(name, "") for name in _SPOKEN_ATTRIBUTES)
            yield from texts(part)


def english(page: Element, foreign: list[str]) -> list[str]:
    """Return the texts of a page that have English words in them."""
    left = []
    for text in texts(page.one("body")):
        # Below the title of an article: its category and how it begins.
        rest = re.sub(r"(First aid|Printing) · .*", "", text)
        for words in foreign:
            rest = rest.replace(words, "")
        rest = re.sub(r"\S+@\S+|https?:\S+|TL-\w{4}-\w{4}|\S*/\S+|\S+\.(png|txt|csv)", "", rest)
        if [word for word in _ENGLISH.findall(rest) if word not in NAMES and len(word) > 1]:
            left.append(text)
    return left


@pytest.mark.timeout(120)
async def test_nothing_on_any_page_stays_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tongue = strange_tongue()
    async with make_world(tmp_path / "data", mail=NOWHERE, intake=INTAKE) as world:
        places = await live(world)
        foreign = people_said()
        people = {}
        for who in Who:
            people[who] = Person(world.somebody_at("203.0.113.9"))
            if who in places.people:
                await people[who].go("/console/login")
                email = f"{places.people[who].lower()}@help.example"
                await people[who].send("/console/login", email=email, password=PASSWORD)
        for module in (app, routing):
            monkeypatch.setattr(module, "tongue_of", lambda _code: tongue)
        wrong: list[str] = []
        for shot in PAGES:
            page = await _shown(people[shot.who], places.path(shot), shot)
            wrong += [f"{shot.name}: {text}" for text in english(page, foreign)]
        for person in people.values():
            await person.client.aclose()
    assert not wrong, "\n".join(wrong)


async def _shown(person: Person, path: str, shot: Shot) -> Element:
    answer = await person.client.get(path.partition("#")[0], follow_redirects=True)
    assert answer.status_code in {200, 404}, shot
    return parse_html(answer.text)
