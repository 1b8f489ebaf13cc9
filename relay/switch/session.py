"""A session on the relay: a viewer, the agent's socket for it, and the records that go between them."""

from dataclasses import dataclass, field

from protocol.envelope import CloseCode, SessionId, check_record
from relay.switch.ports import Clock
from relay.switch.socket import Goodbye, Socket


@dataclass(slots=True, eq=False)
class Lane:
    """One direction of a pair. There is no queue: a record is written before the next one is asked for."""

    to: Socket
    blocked_since: float | None = None
    records: int = 0
    octets: int = 0

    async def carry(self, record: bytes, now: float) -> None:
        """Write one record, however long that takes. Raises SocketGone, MalformedFrame."""
        check_record(record)
        self.blocked_since = now
        await self.to.send_record(record)
        self.blocked_since = None
        self.records += 1
        self.octets += len(record)


@dataclass(slots=True, eq=False)
class Session:
    """A viewer that waits for its agent, and later the pair.

    `waits_until` is monotonic time, `not_after` seconds since 1970.
    """

    id: SessionId
    tracking: str
    viewer: Socket
    waits_until: float
    not_after: int
    agent: Socket | None = None
    to_viewer: Lane = field(init=False)
    to_agent: Lane | None = field(default=None, init=False)
    over: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.to_viewer = Lane(self.viewer)

    @property
    def joined(self) -> bool:
        """Whether both ends are there."""
        return self.agent is not None

    def join(self, agent: Socket) -> None:
        """Complete the pair."""
        self.agent = agent
        self.to_agent = Lane(agent)

    async def from_agent(self, record: bytes, clock: Clock) -> None:
        """Pass a record on to the viewer. Raises SocketGone, MalformedFrame."""
        await self.to_viewer.carry(record, clock.now())

    async def from_viewer(self, record: bytes, clock: Clock) -> None:
        """Pass a record on to the agent. Raises SocketGone, MalformedFrame, Goodbye when there is no agent yet."""
        if self.to_agent is None:
            # The agent speaks first (docs/protocol, section 4), so a viewer has nothing to say yet.
            raise Goodbye(CloseCode.MALFORMED)
        await self.to_agent.carry(record, clock.now())

    def stalled(self, now: float, limit_s: float) -> Socket | None:
        """Return the socket that took nothing for too long."""
        for lane in (self.to_viewer, self.to_agent):
            if lane is not None and lane.blocked_since is not None and now - lane.blocked_since > limit_s:
                return lane.to
        return None
