"""What the user at the computer decided: only the agent knows, since the relay is blind, so the agent tells."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.rights import Right, pack_rights
from tickets.domain.access import Action, Actor
from tickets.domain.errors import AnsweredAlready, Invalid, NotFound
from tickets.domain.values import ConsentAnswer, EntryKind
from tickets.domain.views import ConsentReport
from tickets.services.context import Context, entry, spend
from tickets.store import agents as agent_store
from tickets.store import sessions as session_store
from tickets.store.sessions import SessionRow
from tickets.store.tickets import TicketRow

_WITH_RIGHTS: Final = frozenset({ConsentAnswer.ALLOWED, ConsentAnswer.NARROWED})
_KINDS: Final = {
    ConsentAnswer.ALLOWED: EntryKind.SESSION_ALLOWED,
    ConsentAnswer.NARROWED: EntryKind.SESSION_NARROWED,
}
_BEFOREHAND: Final = "Nobody was asked: the consent was given beforehand, with --allow or to an earlier question."


class ConsentService:
    """Implements `tickets.domain.services.Consents`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def report(self, actor: Actor, tracking: str, told: ConsentReport) -> None:
        """Write down what an agent says about its user; the same again adds nothing.

        Raises NotFound for a session that is not this agent's, Invalid, AnsweredAlready, TooManyTries.
        """
        context, now = self._context, self._context.now()
        # Counted in a transaction of its own, so that what is refused counts too.
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.TELL_CONSENT, tracking)
            await spend(connection, f"consent {row.id}", context.settings.limits.consent_ticket, now)
        async with context.database.write() as connection:
            session = await _session_of(connection, row, told.session)
            _check_rights(session, told)
            consent = " ".join((told.answer, *pack_rights(set(told.rights))))
            if session.consent == consent:
                return
            if session.consent is not None and not _narrows(session.consent, told):
                raise AnsweredAlready
            await session_store.put_consent(connection, session.id, consent)
            kind = _KINDS.get(told.answer, EntryKind.SESSION_REFUSED)
            text = f"{row.requester_name}’s computer: {_sentence(session.technician_name, told)}"
            await context.story.tell(connection, entry(row, actor, kind, text, now))
        context.hub.publish("ticket", row.tracking)


async def _session_of(connection: AsyncConnection, row: TicketRow, ident: str) -> SessionRow:
    """Return the session when the agent of this ticket can have been in it. Raises NotFound.

    Not one that was over before this computer took another one's place. One that is over otherwise is fine: a no ends
    the session, and the agent tells of it afterwards.
    """
    session = await session_store.by_id(connection, ident)
    agent = await agent_store.of_ticket(connection, row.id)
    if session is None or session.ticket_id != row.id or agent is None:
        raise NotFound("session")
    if session.ended_at is not None and session.ended_at <= agent.joined_at:
        raise NotFound("session")
    return session


def _check_rights(session: SessionRow, told: ConsentReport) -> None:
    """Pass when the rights fit the answer and the session. Raises Invalid."""
    if bool(told.rights) != (told.answer in _WITH_RIGHTS):
        raise Invalid("rights", "name the rights that hold after allowed and narrowed, none after other answers.")
    if not set(told.rights) <= set(session.rights.split()):
        raise Invalid("rights", "the session was never offered with these rights.")


def _narrows(before: str, told: ConsentReport) -> bool:
    """Whether `told` takes away from what was kept as `before`; an answer is never changed otherwise."""
    answer, *rights = before.split()
    return told.answer is ConsentAnswer.NARROWED and answer in _WITH_RIGHTS and set(told.rights) < set(rights)


def _sentence(technician: str, told: ConsentReport) -> str:
    match told.answer:
        case ConsentAnswer.ALLOWED:
            allowed = f"{technician} may {_may(told.rights)}."
            return f"{allowed} {_BEFOREHAND}" if told.beforehand else allowed
        case ConsentAnswer.NARROWED:
            return f"{technician} may now only {_may(told.rights)}."
        case ConsentAnswer.DECLINED if told.beforehand:
            return f"no to {technician}. Nobody was asked: the consent given beforehand does not cover this."
        case ConsentAnswer.DECLINED:
            return f"the user said no to {technician}."
        case ConsentAnswer.TIMEOUT:
            return f"the user did not answer {technician}, which counts as no."
        case ConsentAnswer.BUSY:
            return f"{technician} was turned away without a question, because of another one or too many before."


def _may(rights: tuple[Right, ...]) -> str:
    words = {Right.VIEW: "look", Right.CONTROL: "control"}
    return " and ".join(word for right, word in words.items() if right in rights)
