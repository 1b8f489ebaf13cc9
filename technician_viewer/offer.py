"""What the server hands a technician for one session."""

from dataclasses import dataclass, field
from typing import Annotated, Final

import msgspec

from protocol.authority import Credentials, OrganisationId
from protocol.encoding import parse_b64
from protocol.tracking import is_canonical
from technician_viewer.errors import ViewerError

_KEY_BYTES: Final = 32
_SESSION_BYTES: Final = 16


class _Answer(msgspec.Struct, frozen=True):
    """The answer of `POST /tickets/{tracking}/session` (docs/http-api)."""

    session: str
    socket_ticket: Annotated[str, msgspec.Meta(min_length=16, max_length=512)]
    grant: str
    grant_key_certificate: str
    certificate: str
    revocations: str
    organisation: str
    tracking: str
    agent_key: str | None = None
    agent_online: bool = False
    title: str = ""
    rights: tuple[str, ...] = ()


@dataclass(frozen=True)
class SessionOffer:
    """One session of one ticket: how to get in (once), and the papers to show the agent.

    `session` is base64url, `agent_key` the key pinned to the ticket or None, `rights` what the ticket allows at most.
    """

    tracking: str
    session: str
    socket_ticket: str = field(repr=False)
    organisation: OrganisationId
    credentials: Credentials = field(repr=False)
    agent_key: bytes | None = None
    agent_online: bool = False
    title: str = ""
    rights: tuple[str, ...] = ()


def _tracking(text: str) -> str:
    if not is_canonical(text):
        raise ValueError("not a tracking number")
    return text


def parse_offer(data: bytes) -> SessionOffer:
    """Read the server's answer. Raises ViewerError."""
    try:
        answer = msgspec.json.decode(data, type=_Answer)
        parse_b64(answer.session, _SESSION_BYTES)
        return SessionOffer(
            tracking=_tracking(answer.tracking),
            session=answer.session,
            socket_ticket=answer.socket_ticket,
            organisation=OrganisationId(parse_b64(answer.organisation, _KEY_BYTES)),
            credentials=Credentials(
                certificate=parse_b64(answer.certificate),
                grant=parse_b64(answer.grant),
                grant_key_certificate=parse_b64(answer.grant_key_certificate),
                revocations=parse_b64(answer.revocations),
            ),
            agent_key=None if answer.agent_key is None else parse_b64(answer.agent_key, _KEY_BYTES),
            agent_online=answer.agent_online,
            title=answer.title,
            rights=answer.rights,
        )
    except (msgspec.MsgspecError, ValueError) as error:
        raise ViewerError(
            "The server's answer has another form than this program knows. Bring both to the same version.",
            "unexpected-answer",
        ) from error
