"""Joining a request: from what the person gave to a registered computer. The agent's composition root."""

import ssl
from dataclasses import dataclass
from functools import partial

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agent.control import Control, Registration, ServerClock
from agent.encode import ExactEncoder
from agent.errors import AgentError
from agent.http import Api, ConsentReport
from agent.link import Dialer, Link
from agent.platforms import facts
from agent.ports import Consent, DesktopOpener
from agent.report import Listener, Report
from agent.server import Server
from agent.session import Invitation, Session, Tools
from agent.state import AgentState, Pinned
from agent.target import Target
from agent.telling import ConsentTeller
from protocol.authority import Authority, Trust
from protocol.encoding import pack_b64
from protocol.tracking import TrackingNumber


class CodeNeeded(AgentError):
    """This computer knows no secret of the request; a join code would do."""

    def __init__(self, tracking: str) -> None:
        super().__init__(
            f"This computer does not know the request {tracking} yet. Use the link of your mail, or ask your "
            "technician for a join code and give it with --code."
        )


@dataclass(frozen=True)
class Membership:
    """This computer's place in a request, as the server gave it."""

    tracking: TrackingNumber
    title: str
    agent_token: str
    organisation: Pinned
    static: X25519PrivateKey

    @property
    def agent_key(self) -> str:
        """The public half of this installation's key, in b64."""
        return pack_b64(self.static.public_key().public_bytes_raw())


async def pin_organisation(api: Api, server: Server, state: AgentState) -> Pinned:
    """Return the organisation behind the server, pinned at first contact. Raises ServerChanged."""
    found = await api.organisation()
    return state.pin(server, organisation=found.id, public_key=found.public_key, name=found.name)


async def become_member(
    target: Target, *, server: Server, tls: ssl.SSLContext | None, state: AgentState, code: str = ""
) -> Membership:
    """Register with the HTTP API and return the membership; keeps what the next start needs.

    Raises CodeNeeded when this computer has neither token nor code, ApiError, ServerChanged, StateUnusable.
    """
    static = state.agent_key()
    known = state.ticket(server, target.tracking)
    token = target.token or known.requester_token
    async with Api(server, tls) as api:
        organisation = await pin_organisation(api, server, state)
        agent_key = pack_b64(static.public_key().public_bytes_raw())
        if not code and not token:
            if not known.agent_token:
                raise CodeNeeded(target.tracking)
            return Membership(target.tracking, known.title, known.agent_token, organisation, static)
        joined = await api.join(target.tracking, agent_key, token="" if code else token, code=code)
    if joined.organisation != organisation.id:
        raise AgentError(f"{server.origin} names two organisations at once. Ask your administrator.")
    state.keep_ticket(
        server,
        target.tracking,
        requester_token=target.token,
        agent_token=joined.agent_token,
        title=joined.title,
    )
    return Membership(target.tracking, joined.title, joined.agent_token, organisation, static)


def build(
    member: Membership,
    *,
    server: Server,
    tls: ssl.SSLContext | None,
    state: AgentState,
    consent: Consent,
    open_desktop: DesktopOpener,
    listen: Listener,
    once: bool = False,
) -> Control:
    """Wire everything that serves one request. Nothing is opened yet: `Control.run` does."""
    clock = ServerClock()

    def trust() -> Trust:
        pinned = state.pinned(server) or member.organisation
        return pinned.trust(clock.now())

    def remember(authority: Authority) -> None:
        state.remember_signed(
            server, newest_signed=authority.newest_signed, revocation_sequence=authority.revocation_sequence
        )

    async def tell(told: ConsentReport) -> None:
        async with Api(server, tls) as api:
            await api.tell_consent(member.tracking, member.agent_token, told)

    teller = ConsentTeller(tell)

    def hear(report: Report) -> None:
        listen(report)
        teller(report)

    tools = Tools(
        consent=consent,
        open_desktop=open_desktop,
        make_encoder=ExactEncoder,
        trust=trust,
        remember=remember,
        facts=facts,
        listen=hear,
    )

    def make_session(link: Link, session: str) -> Session:
        invitation = Invitation(
            session=session,
            tracking=member.tracking,
            title=member.title,
            organisation=member.organisation.name,
            token=member.agent_token,
            static=member.static,
        )
        return Session(link, invitation, tools)

    return Control(
        Registration(member.tracking, member.agent_token, member.agent_key),
        open_link=partial(Dialer(server, tls).open, member.tracking),
        make_session=make_session,
        clock=clock,
        listen=listen,
        forget=partial(consent.forget, member.tracking),
        farewell=teller.close,
        once=once,
    )
