"""The language of a page: which there are, which one somebody wants, and how texts become it.

English stands in templates, scripts and code; what it is in another language stands in `tickets/locale`. While a
request is answered (`speaking`), `gettext` and its like give the words of the reader's language.
"""

import gettext as standard
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from babel import Locale, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import Request

from tickets.pages.sentences import Sentences

LANGUAGES: Final = {"en": "English", "de": "Deutsch"}
"""The languages there are, each in its own words."""
SOURCE: Final = "en"
"""In which the texts are written."""
COOKIE: Final = "towline_language"
COOKIE_FOR_S: Final = 365 * 86_400
LOCALE: Final = Path(__file__).parent.parent / "locale"
DOMAIN: Final = "pages"

_TERRITORY: Final = {"en": "en_GB", "de": "de_DE"}
_MOST_WISHES: Final = 20
_PAGES: Final = "tickets/pages/"
_SAYINGS: Final = f"{_PAGES}sayings.py"

Key = TypeVar("Key")


@dataclass(frozen=True)
class Tongue:
    """One language: its words, its sentences, and how it writes numbers and dates."""

    code: str
    locale: Locale
    words: standard.NullTranslations = field(repr=False)
    sentences: Sentences = field(repr=False)
    browser: str = field(repr=False, default="")
    """The texts of the browser modules as JSON; empty when they are as they stand."""
    told: str = field(repr=False, default="{}")
    """The sentences that services say, as JSON for browser modules, which get them from the API in English."""


def po_file(code: str) -> Path:
    """Return where the catalogue of a language is."""
    return LOCALE / code / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def tongue_of(code: str) -> Tongue:
    """Return a language; its catalogue is read once."""
    locale = Locale.parse(_TERRITORY[code])
    if code == SOURCE:
        return Tongue(code, locale, standard.NullTranslations(), Sentences({}))
    with po_file(code).open("rb") as file:
        return read_tongue(code, locale, read_po(file, locale=code, abort_invalid=True))


def read_tongue(code: str, locale: Locale, catalog: Catalog) -> Tongue:
    """Return the language of a catalogue."""
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    said: dict[str, str] = {}
    browser: dict[str, str] = {}
    services: dict[str, str] = {}
    for message in catalog:
        if not (message.id and isinstance(message.id, str) and message.string and not message.context):
            continue
        places = [str(path) for path, _ in message.locations]
        if any(path.endswith((".py", ".js")) for path in places):
            said[message.id] = str(message.string)
        if any((path.endswith(".py") and not path.startswith(_PAGES)) or path == _SAYINGS for path in places):
            services[message.id] = str(message.string)
        if any(path.endswith(".js") for path in places):
            browser[message.id] = str(message.string)
    words = standard.GNUTranslations(compiled)
    return Tongue(code, locale, words, Sentences(said), _as_json(browser), _as_json(services))


def _as_json(texts: Mapping[str, str]) -> str:
    # A "<" could end the element in which this stands.
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


_spoken: ContextVar[Tongue] = ContextVar("tongue")


def tongue() -> Tongue:
    """Return the language of the page that is being made."""
    return _spoken.get(None) or tongue_of(SOURCE)


@contextmanager
def speaking(wanted: Tongue) -> Iterator[None]:
    """Speak a language for as long as this lasts."""
    before = _spoken.set(wanted)
    try:
        yield
    finally:
        _spoken.reset(before)


def _wishes(header: str) -> list[str]:
    """Return the languages of an Accept-Language header, the best first (RFC 9110, 12.5.4)."""
    wishes = []
    for part in header.split(",")[:_MOST_WISHES]:
        name, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if name and 0 < weight <= 1:
            wishes.append((-weight, name.strip()))
    return [name for _, name in sorted(wishes, key=lambda wish: wish[0])]


def language_of(request: Request, usual: str) -> str:
    """Return the language of an answer: what the reader chose, else what the browser asks for, else the desk's."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    found = negotiate_locale(_wishes(request.headers.get("accept-language", "")), list(LANGUAGES), sep="-")
    return found or (usual if usual in LANGUAGES else SOURCE)


def N_(text: str) -> str:  # noqa: N802 - the name by which gettext knows it
    """Mark a text that is put into the reader's language later."""
    return text


def gettext(text: str) -> str:
    """Return a text in the reader's language."""
    return tongue().words.gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """Return the text for `count` things in the reader's language."""
    return tongue().words.ngettext(one, many, count)


def pgettext(context: str, text: str) -> str:
    """Return a text in the reader's language where the same English words mean several things."""
    return tongue().words.pgettext(context, text)


def npgettext(context: str, one: str, many: str, count: int) -> str:
    """Return the text for `count` things where the same English words mean several things."""
    return tongue().words.npgettext(context, one, many, count)


def say(text: object) -> str:
    """Return a finished English sentence of the help desk in the reader's language; people's words stay."""
    return tongue().sentences.say(str(text))


class Words(Mapping[Key, str]):
    """Words for values, in the reader's language at the moment at which they are looked up."""

    def __init__(self, words: Mapping[Key, str]) -> None:
        """Use these English words."""
        self._words: Final = dict(words)

    def __getitem__(self, key: Key) -> str:
        """Return the word for a value."""
        return gettext(self._words[key])

    def __iter__(self) -> Iterator[Key]:
        """Give the values."""
        return iter(self._words)

    def __len__(self) -> int:
        """Count them."""
        return len(self._words)


class Choices(Sequence[tuple[Any, ...]]):
    """What a form offers, each with its value first and then words; these are in the reader's language."""

    def __init__(self, *choices: tuple[Any, ...]) -> None:
        """Use these English words."""
        self._choices: Final = choices

    def __getitem__(self, place: Any) -> Any:
        """Return the choice at a place."""
        return tuple(self)[place]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Give each choice."""
        for value, *words in self._choices:
            yield (value, *(gettext(word) if word else "" for word in words))

    def __len__(self) -> int:
        """Count them."""
        return len(self._choices)
