"""Forms as they come in, and what is wrong with them, beside the field where it is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request

from tickets.domain.errors import Invalid, TooLarge
from tickets.domain.knowledge import MAX_NOTE, NewArticle, Visibility
from tickets.domain.values import Asset, Urgency
from tickets.domain.views import MAX_LINE, MAX_TEXT, MAX_TITLE, NewTicket

MAX_FORM_BYTES: Final = 512 * 1024
MAX_FIELDS: Final = 40
MAX_BODY: Final = 100_000
FIELD: Final = "f."
"""Before the key of an extra field."""

Values = Mapping[str, str]
_Choice = TypeVar("_Choice", bound=StrEnum)


def tidy(value: str) -> str:
    """Browsers send line ends as CR LF; NUL is no text and some databases refuse it."""
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


async def read_form(request: Request, *, verbatim: str | None = None, most: int = MAX_FIELDS) -> dict[str, str]:
    """Return the fields of an `application/x-www-form-urlencoded` body; the first of several with one name counts.

    The field named `verbatim` (a password) stays as it was typed; the others are tidied.
    Raises Invalid for another kind of body or more fields than `most`, TooLarge.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"application/x-www-form-urlencoded", ""}:
        raise Invalid("", "Send the form as the page does.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise TooLarge(MAX_FORM_BYTES)
    try:
        pairs = parse_qsl(
            body.decode("ascii", "replace"), keep_blank_values=True, errors="replace", max_num_fields=most
        )
    except ValueError:
        raise Invalid("", "The form has too many fields.") from None
    return {name: value if name == verbatim else tidy(value) for name, value in reversed(pairs)}


@dataclass
class Checked:
    """The fields of a form while they are looked at; `faults` keeps the order in which they were asked for."""

    values: Values
    faults: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, missing: str, limit: int, *, required: bool = True) -> str:
        """Return the field's text; note `missing` when it must not be empty and is."""
        value = self.values.get(name, "")
        if not value and required:
            self.faults[name] = missing
        elif len(value) > limit:
            self.faults[name] = f"Please shorten this to {limit:,} characters; it has {len(value):,}."
        return value

    def choice(self, name: str, missing: str, kind: type[_Choice]) -> _Choice | None:
        """Return the chosen value, or note `missing`."""
        try:
            return kind(self.values.get(name, ""))
        except ValueError:
            self.faults[name] = missing
            return None

    def email(self, name: str) -> str:
        """Return an address that looks like one; the service judges it in full."""
        value = self.text(name, "Please give an e-mail address, so that the answer can reach you.", 254)
        local, at, domain = value.rpartition("@")
        if value and name not in self.faults and not (local and at and "." in domain and " " not in value):
            self.faults[name] = "That is not a whole e-mail address. It looks like name@example.org."
        return value


def check_request(values: Values) -> tuple[NewTicket | None, dict[str, str]]:
    """Return the request, or None and what is wrong by field, in the order of the page."""
    form = Checked(values)
    category = form.text("category", "Please choose what it is about.", MAX_LINE)
    title = form.text("title", "Please say in one line what the problem is.", MAX_TITLE)
    description = form.text("description", "Please describe what happens.", MAX_TEXT)
    urgency = form.choice("urgency", "Please choose how urgent it is.", Urgency)
    asset = form.choice("asset", "Please choose what kind of thing it is.", Asset)
    email = form.email("email")
    name = form.text("name", "", MAX_LINE, required=False)
    if form.faults or urgency is None or asset is None:
        return None, form.faults
    new = NewTicket(
        category=category,
        title=title,
        description=description,
        urgency=urgency,
        asset=asset,
        email=email,
        name=name,
        fields={key.removeprefix(FIELD): value for key, value in values.items() if key.startswith(FIELD) and value},
    )
    return new, {}


def check_article(values: Values) -> tuple[NewArticle | None, dict[str, str]]:
    """Return the article, or None and what is wrong by field."""
    form = Checked(values)
    title = form.text("title", "Please give the article a title.", MAX_TITLE)
    category = form.text("category", "", MAX_LINE, required=False)
    body = form.text("body", "Please write what helps.", MAX_BODY)
    note = form.text("note", "", MAX_NOTE, required=False)
    chosen = values.get("visibility", Visibility.PUBLIC)
    visibility = Visibility.INTERNAL if chosen == Visibility.INTERNAL else Visibility.PUBLIC
    new = NewArticle(title=title, body=body, category=category, visibility=visibility, note=note)
    return (None if form.faults else new), form.faults


def check_text(values: Values, name: str, missing: str) -> tuple[str, dict[str, str]]:
    """Return the one text of a small form, and what is wrong with it."""
    form = Checked(values)
    return form.text(name, missing, MAX_TEXT), form.faults
