"""The pump under a socket that no longer takes anything."""

import asyncio
import time
from typing import cast

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol import messages as m
from protocol.connection import AgentConnection, ViewerConnection
from protocol.envelope import Hello, Joined, ViewerHello, pack_control
from protocol.table import Phase
from technician_viewer.link import MAX_UNANSWERED, Link
from technician_viewer.state import SessionState
from technician_viewer.transport import Transport
from tests.technician_viewer.fake_agent import BOTH, FACTS, World, eventually


class StuckTransport:
    """Brings a ping whenever it is asked, and after `stuck` takes nothing any more."""

    def __init__(self, agent: AgentConnection) -> None:
        self.agent = agent
        self.text = [pack_control(Hello(1)), pack_control(Joined())]
        self.stuck = False
        self.free = asyncio.Event()
        self.pings = 0
        self.received_bytes = self.sent_bytes = 0

    async def receive(self) -> str | bytes:
        await asyncio.sleep(0)
        if self.text:
            return self.text.pop(0)
        while True:
            if self.agent.phase is Phase.LIVE:
                self.stuck = True
                self.pings += 1
                self.agent.send(m.Ping(self.pings), time.monotonic())
            record = self.agent.next_record()
            if record is not None:
                return record
            await asyncio.sleep(0)

    async def send(self, data: str | bytes) -> None:
        if self.stuck:
            await self.free.wait()
        if isinstance(data, bytes):
            self.agent.receive_data(data, time.monotonic())
            if self.agent.phase is Phase.ASKING:
                self.agent.grant(BOTH, FACTS, time.monotonic())

    async def close(self) -> None:
        """Nothing to close."""


def ends(link: Link) -> list[SessionState]:
    """Return how the session ended: nothing, or one final state."""
    return [] if link.end is None else [link.end.state]


async def test_answers_do_not_pile_up_while_they_cannot_leave() -> None:
    world = World()
    offer = world.offer()

    def connect(now: float) -> ViewerConnection:
        return ViewerConnection(
            session=offer.session,
            tracking=offer.tracking,
            organisation=offer.organisation,
            static=world.device,
            ephemeral=X25519PrivateKey.generate(),
            credentials=offer.credentials,
            now=now,
        )

    transport = StuckTransport(world.connection())
    link = Link(cast("Transport", transport), connect)
    pump = asyncio.create_task(link.run(ViewerHello("s" * 43)))
    await eventually(lambda: transport.pings > MAX_UNANSWERED)
    for _ in range(2_000):
        await asyncio.sleep(0)
    assert transport.pings <= MAX_UNANSWERED + 16
    assert ends(link) == []
    # As soon as they can, it goes on.
    transport.free.set()
    await eventually(lambda: transport.pings > 2 * MAX_UNANSWERED)
    link.close()
    await pump
    assert ends(link) == [SessionState.ENDED]
