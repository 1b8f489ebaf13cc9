"""Which language a page is in, and that every text has its German."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from tests.tickets.pages.html import Person, parse_html
from tests.tickets.world import PUBLIC_URL, World
from tickets.domain.access import Role
from tickets.pages.language import COOKIE, LANGUAGES, SOURCE, Choices, Words, po_file, speaking, tongue_of
from tickets.pages.messages import found_texts, python_texts, update
from tickets.pages.routes.languages import came_from, place_of
from tickets.pages.sentences import Sentences, is_pattern, placeholders
from tickets.pages.times import ago, clock, due, number
from tickets.store import people as people_store

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OTHERS = sorted(set(LANGUAGES) - {SOURCE})
_NAMED = re.compile(r"%\((\w+)\)s")
_TAG = re.compile(r"</?\w+")


def catalogue(code: str) -> list[Message]:
    with po_file(code).open("rb") as file:
        return [message for message in read_po(file, locale=code) if message.id]


def strings(message: Message) -> list[tuple[str, str]]:
    """Return each text with its translation."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return [(message.id[min(place, 1)], string) for place, string in enumerate(message.string or ())]


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_translated_and_none_is_left_over(code: str) -> None:
    found = found_texts()
    _, missing = update(code, found)
    assert missing == [], "run make messages, and translate what it names"
    assert {message.id for message in catalogue(code)} == {message.id for message in found if message.id}
    assert not [message.id for message in catalogue(code) if message.fuzzy]


@pytest.mark.parametrize("code", OTHERS)
def test_translations_have_the_placeholders_and_tags_of_their_texts(code: str) -> None:
    for message in catalogue(code):
        for text, string in strings(message):
            assert sorted(set(_NAMED.findall(text))) == sorted(set(_NAMED.findall(string))), text
            assert sorted(_TAG.findall(text)) == sorted(_TAG.findall(string)), text
            if is_pattern(text):
                assert set(placeholders(text)) == set(placeholders(string)), text
            assert string == string.strip(), text


@pytest.mark.parametrize("code", OTHERS)
def test_quotation_marks_are_those_of_the_language(code: str) -> None:
    for message in catalogue(code):
        for text, string in strings(message):
            assert "”" not in string, text
            assert string.count("„") == string.count("“"), text


@pytest.mark.parametrize(
    ("wanted", "cookie", "language"),
    [
        ("", "", "en"), ("de", "", "de"), ("de-AT,de;q=0.9,en;q=0.8", "", "de"), ("en-US,en;q=0.9,de;q=0.8", "", "en"),
        ("fr,de;q=0.5,en;q=0.4", "", "de"), ("fr", "", "en"), ("en", "de", "de"), ("de", "en", "en"),
        ("de", "fr", "de"), ("de;q=0", "", "en"), ("de;q=x, en", "", "en"), (",;;,*", "", "en"),
    ],
)  # fmt: skip
async def test_the_choice_counts_then_the_browser(world: World, wanted: str, cookie: str, language: str) -> None:
    headers = {"accept-language": wanted} | ({"cookie": f"{COOKIE}={cookie}"} if cookie else {})
    answer = await world.client.get("/", headers=headers)
    assert parse_html(answer.text).one("html").attributes["lang"] == language
    assert answer.headers["content-language"] == language
    assert answer.headers["vary"] == "Cookie, Accept-Language"
    assert ("Was geht nicht?" in answer.text) is (language == "de")


async def test_a_page_that_is_not_there_speaks_the_language_too(world: World) -> None:
    answer = await world.client.get("/nowhere", headers={"accept-language": "de"})
    assert answer.status_code == 404
    assert "Diese Adresse führt nirgendwohin." in answer.text


async def test_the_footer_changes_the_language_and_leads_back(person: Person) -> None:
    await person.go("/lookup")
    page = await person.send("/language", "Deutsch")
    assert person.at == "/lookup"
    assert page.one("h1").text == "Sehen Sie Ihre Anfrage nach"
    page = await person.send("/language", "English")
    assert page.one("h1").text == "Look up your request"


async def test_what_is_wrong_with_a_form_is_said_in_the_language(person: Person) -> None:
    person.client.headers["accept-language"] = "de"
    await person.go("/lookup")
    page = await person.send("/lookup", tracking="TL-0000-0001", key="x")
    assert "Ein Zeichen dieser Vorgangsnummer ist falsch" in page.text
    assert "hat 43 Buchstaben und Ziffern; dieser hat 1." in page.text


async def test_no_other_language_can_be_chosen(world: World) -> None:
    sent = {"language": "fr", "back": "/"}
    assert (await world.client.post("/language", data=sent)).status_code == 422
    answer = await world.client.post("/language", data=sent | {"language": "de"})
    assert answer.status_code == 303
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}=de;")


@pytest.mark.parametrize(
    ("referrer", "place"),
    [
        (f"{PUBLIC_URL}/console?view=all&q=toner&done=saved", "/console?view=all&q=toner"),
        (f"{PUBLIC_URL}/t/TL-0000-0000", "/t/TL-0000-0000"), (f"{PUBLIC_URL}//evil.example/", "/"),
        ("https://evil.example/console", "/lookup"), ("nonsense", "/lookup"), ("", "/lookup"),
    ],
)  # fmt: skip
def test_the_browser_says_which_page_it_was(referrer: str, place: str) -> None:
    assert came_from(referrer, PUBLIC_URL, "/lookup") == place


async def test_browser_modules_get_the_sentences_of_a_language(world: World) -> None:
    answer = await world.client.get("/language/de.json")
    assert answer.json()["{name} took this request."] == "{name} hat diese Anfrage übernommen."
    assert "<" not in answer.text
    assert (await world.client.get("/language/en.json")).json() == {}
    assert (await world.client.get("/language/fr.json")).status_code == 404


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", ""])
def test_the_choice_leads_to_no_other_site(back: str) -> None:
    assert place_of(back) == "/"
    assert place_of("/console/tickets/TL-0000-0000") == "/console/tickets/TL-0000-0000"


async def test_a_request_is_answered_in_the_language_in_which_it_was_filed(world: World, person: Person) -> None:
    person.client.headers["accept-language"] = "de"
    await person.go("/")
    await person.send(
        "/", category="Computer", title="Es piept", description="Dreimal.", urgency="high", asset="hardware",
        email="maria@office.example", name="Maria",
    )  # fmt: skip
    assert await _language(world, "maria@office.example") == "de"


async def _language(world: World, email: str) -> str | None:
    admin = await world.technician("Root", role=Role.ADMIN)
    (found,) = (await admin.get(f"/people?q={email}")).json()["items"]
    async with world.desk._context.database.read() as connection:
        return await people_store.language(connection, found["id"])


def test_times_and_numbers_in_german() -> None:
    with speaking(tongue_of("de")):
        assert ago(NOW - timedelta(hours=3), NOW) == "vor 3 Stunden"
        assert ago(NOW - timedelta(days=20), NOW) == "4. Nov. 2026"
        assert due(NOW + timedelta(days=2), NOW) == "Fällig in 2 Tagen"
        assert due(NOW - timedelta(days=2), NOW) == "2 Tage überfällig"
        assert clock(NOW) == "24. Nov. 2026, 12:00 UTC"
        assert number(1234.56) == "1.234,6"
    assert number(1234.56) == "1,234.6"


def test_words_and_choices_speak_when_they_are_read() -> None:
    words, choices = Words({1: "Save"}), Choices((1, "Save", ""))
    with speaking(tongue_of("de")):
        assert words[1] == "Speichern"
        assert list(choices) == [(1, "Speichern", "")]
    assert words[1] == "Save"
    assert len(words) == len(choices) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ada took this request.", "Ada hat diese Anfrage übernommen."),
        ("Bob moved this request from new to open.", "Bob hat diese Anfrage von „neu“ nach „offen“ verschoben."),
        ("Maria’s computer: Ada may look.", "Computer von Maria: Ada darf zusehen."),
        ("tags: a tag needs a letter or a digit.", "tags: Ein Schlagwort braucht einen Buchstaben oder eine Ziffer."),
        ("Ada took this request. The answer opened the request again.",
         "Ada hat diese Anfrage übernommen. Die Antwort hat die Anfrage wieder geöffnet."),
        ("Dr. New took this request.", "Dr. New hat diese Anfrage übernommen."),
        ("My printer took fire.", "My printer took fire."),
        ("", ""),
    ],
)  # fmt: skip
def test_finished_sentences(text: str, said: str) -> None:
    assert tongue_of("de").sentences.say(text) == said
    assert Sentences({}).say(text) == text


def test_sentences_are_found_in_code() -> None:
    source = (
        'def f(a, n):\n    """No text."""\n    _log.info("Not this one, either.")\n'
        "    raise Invalid('x', f\"at most {n} day{'s' if n != 1 else ''}.\")\n"
        "    return f'{a.name} gave it to {n.name} and {a.name} knows.'\n"
    )
    assert [text for _, text, _ in python_texts(source, in_pages=False)] == [
        "at most {n} days.", "at most {n} day.", "{name} gave it to {name2} and {name} knows.",
    ]  # fmt: skip
