"""Answers that are written once and used often, with variables: names in braces, nothing else."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.errors import Invalid
from tickets.domain.views import MAX_LINE, MAX_TEXT, Id, Line, Text

VARIABLES: Final = {
    "requester.name": "who asked, by name",
    "requester.email": "their e-mail address",
    "ticket.number": "the tracking number",
    "ticket.title": "the problem in one line",
    "ticket.category": "what it is about",
    "technician.name": "your own name",
    "organisation": "the help desk's name",
}
"""What stands for what in an answer."""

_VARIABLE: Final = re.compile(r"\{([a-zA-Z_. ]{1,40})\}")


class NewCannedAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer; `shared`: for everybody. Without a category it is offered on every request."""

    name: Line
    text: Text
    shared: bool = False
    category: Annotated[str, msgspec.Meta(max_length=MAX_LINE)] = ""


class CannedAnswer(msgspec.Struct, frozen=True):
    """An answer that is kept, how often it was used, and whether I may change it."""

    id: str
    name: str
    text: str
    shared: bool
    category: str
    uses: int
    mine: bool


class CannedAnswerList(msgspec.Struct, frozen=True):
    """The answers that somebody has, those used most first."""

    items: tuple[CannedAnswer, ...]


class FilledAnswer(msgspec.Struct, frozen=True):
    """An answer with everything put in for one ticket."""

    id: str
    text: str


def check_variables(text: str) -> None:
    """Pass when every name in braces is a variable. Raises Invalid, which says what there is."""
    unknown = [name for name in _names(text) if name not in VARIABLES]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in VARIABLES)
        raise Invalid("text", f"there is no variable {{{unknown[0]}}}. Use {known}.")


def _names(text: str) -> Iterable[str]:
    return (found[1].strip() for found in _VARIABLE.finditer(text))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with the values in place of their variables; what a value holds is never read again."""
    return _VARIABLE.sub(lambda found: values.get(found[1].strip(), found[0]), text)[:MAX_TEXT]


class CannedAnswers(Protocol):
    """Keeping and using them. All raise NotAllowed; NotFound for one that is not there or somebody else's."""

    async def listed(self, actor: Actor) -> CannedAnswerList:
        """Return one's own answers and the shared ones."""

    async def offered(self, actor: Actor, tracking: str) -> CannedAnswerList:
        """Return those for a ticket's category, with everything put in. Raises TicketNotFound."""

    async def add(self, actor: Actor, new: NewCannedAnswer) -> CannedAnswer:
        """Keep an answer; admins alone share. Raises Invalid for an unknown variable."""

    async def change(self, actor: Actor, ident: Id, new: NewCannedAnswer) -> CannedAnswer:
        """Change an answer. Raises Invalid for an unknown variable."""

    async def remove(self, actor: Actor, ident: Id) -> None:
        """Remove an answer."""

    async def use(self, actor: Actor, ident: Id, tracking: str) -> FilledAnswer:
        """Count it as used and return it with everything put in for this ticket. Raises TicketNotFound."""
