"""Who may not: refused by the server or the agent, the user is shown nothing, and no pixel is sent.

Every test first or last does the same with the one wrong thing right.
"""

import dataclasses
import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from demo.processes import Program
from technician_viewer.client import SessionClient
from technician_viewer.errors import ApiError, ServerUnreachable, SessionEnded, SessionError
from technician_viewer.offer import SessionOffer
from technician_viewer.state import SessionState
from tests.support.display import VirtualDisplay
from tests.support.stack import Filed, Stack, told
from tests.technician_viewer.fake_agent import eventually

pytestmark = [
    pytest.mark.display,
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb: run tools/system-packages test"),
]

PATIENCE_S = 30.0
ROBIN, ROBINS_PASSWORD = "robin@example.org", "another long password"


@pytest.fixture(scope="module")
def display() -> Iterator[VirtualDisplay]:
    running = VirtualDisplay.start(640, 480)
    yield running
    running.stop()


@dataclasses.dataclass(frozen=True)
class Case:
    """A claimed ticket whose agent waits."""

    stack: Stack
    ticket: Filed
    agent: Program

    @property
    def asked(self) -> bool:
        """Whether the user was told of anything but waiting."""
        return bool({"asking", "answered", "on"} & set(told(self.agent)))

    async def offer(self, device: X25519PrivateKey | None = None) -> SessionOffer:
        """Return a fresh offer."""
        return (await self.stack.open_session(self.ticket, device)).offer

    def client(self, offer: SessionOffer, device: X25519PrivateKey | None = None) -> SessionClient:
        """Return a client for an offer."""
        return SessionClient(offer, device or self.stack.device, server=self.stack.server, ca=self.stack.ca)


@pytest.fixture
async def case(stack: Stack, display: VirtualDisplay) -> AsyncIterator[Case]:
    ticket = stack.file_ticket()
    await stack.claim(ticket)
    agent = stack.start_agent(ticket, display.name)
    await eventually(lambda: "waiting" in told(agent), PATIENCE_S)
    yield Case(stack, ticket, agent)
    agent.stop()


async def expect_live(client: SessionClient) -> None:
    """Enter a client and see a picture."""
    async with client as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        assert session.size == (640, 480)


async def expect_refused(case: Case, client: SessionClient) -> None:
    """Enter a client, see nothing, and that the user saw nothing."""
    async with client as session:
        with pytest.raises(SessionError):
            await session.wait_live(timeout_s=PATIENCE_S)
        assert session.state in {SessionState.REFUSED, SessionState.LOST}
        assert session.size == (0, 0)
        assert session.traffic[0] < 1_000
    assert not case.asked


async def test_a_technician_who_is_not_assigned(case: Case) -> None:
    case.stack.add_technician(ROBIN, "Robin", ROBINS_PASSWORD)
    async with case.stack.technician(ROBIN, ROBINS_PASSWORD) as api:
        device = X25519PrivateKey.generate().public_key().public_bytes_raw()
        await api.register_device(device)
        with pytest.raises(ApiError) as caught:
            await api.session(case.ticket.tracking, device)
        assert caught.value.status == 403
    assert not case.asked
    await expect_live(case.client(await case.offer()))
    assert case.asked


async def test_a_ticket_that_is_resolved(case: Case) -> None:
    await expect_live(case.client(await case.offer()))
    async with case.stack.technician() as api:
        await api.resolve(case.ticket.tracking, "It prints again.")
        with pytest.raises(ApiError) as caught:
            await api.session(case.ticket.tracking, case.stack.device.public_key().public_bytes_raw())
        assert caught.value.status in {403, 409}


async def test_a_session_ends_with_its_ticket(case: Case) -> None:
    async with case.client(await case.offer()) as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        async with case.stack.technician() as api:
            await api.resolve(case.ticket.tracking, "It prints again.")
        with pytest.raises(SessionEnded):
            await session.wait_for_change(timeout_s=PATIENCE_S)
        assert session.state is SessionState.ENDED


async def test_a_socket_ticket_is_good_once(case: Case) -> None:
    offer = await case.offer()
    await expect_live(case.client(offer))
    shown = told(case.agent).count("on")
    async with case.client(offer) as session:
        with pytest.raises(SessionError) as caught:
            await session.wait_live(timeout_s=PATIENCE_S)
        assert caught.value.code == "refused"
        assert session.size == (0, 0)
    assert told(case.agent).count("on") == shown


async def test_a_socket_ticket_that_is_too_old(case: Case) -> None:
    offer = await case.offer()
    case.stack.age_socket_ticket(offer.socket_ticket, 31)
    async with case.client(offer) as session:
        with pytest.raises(SessionError) as caught:
            await session.wait_live(timeout_s=PATIENCE_S)
        assert caught.value.code == "refused"
        assert session.size == (0, 0)
    assert not case.asked
    offer = await case.offer()
    case.stack.age_socket_ticket(offer.socket_ticket, 15)
    await expect_live(case.client(offer))


async def test_a_forged_grant(case: Case) -> None:
    offer = await case.offer()
    body = offer.credentials.grant[64:]
    forged = Ed25519PrivateKey.generate().sign(body) + body
    await expect_refused(
        case,
        case.client(
            dataclasses.replace(offer, credentials=dataclasses.replace(offer.credentials, grant=forged)),
        ),
    )
    await expect_live(case.client(await case.offer()))


async def test_a_certificate_for_another_key(case: Case) -> None:
    await expect_refused(case, case.client(await case.offer(), X25519PrivateKey.generate()))
    device = X25519PrivateKey.generate()
    await expect_live(case.client(await case.offer(device), device))


async def test_another_agents_key_than_the_tickets(case: Case) -> None:
    other = X25519PrivateKey.generate().public_key().public_bytes_raw()
    client = case.client(dataclasses.replace(await case.offer(), agent_key=other))
    async with client as session:
        with pytest.raises(SessionError) as caught:
            await session.wait_live(timeout_s=PATIENCE_S)
        assert caught.value.code == "refused"
        assert session.size == (0, 0)
    await expect_live(case.client(await case.offer()))


async def test_another_root_certificate(case: Case) -> None:
    offer = await case.offer()
    with pytest.raises(ServerUnreachable, match="not trusted"):
        await SessionClient(offer, case.stack.device, server=case.stack.server).__aenter__()
    assert not case.asked
    await expect_live(case.client(offer))
