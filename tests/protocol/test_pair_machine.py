"""A rule-based machine over both ends of a session: whatever happens in whatever order, the promises hold."""

from collections import deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from protocol import messages as m
from protocol.connection import (
    AgentConnection,
    Closed,
    ConsentNeeded,
    Established,
    Received,
    ViewerConnection,
)
from protocol.errors import ErrorCode
from protocol.handshake import Facts
from protocol.rights import Right
from protocol.table import Phase
from tests.vectors import make

RIGHTS = st.sets(st.sampled_from(sorted(Right)), min_size=1).map(frozenset)


class Pair(RuleBasedStateMachine):
    """Two ends, a wire in each direction, one clock."""

    def __init__(self) -> None:
        super().__init__()
        self.agent, self.viewer = make.pair(rekey_records=4)
        self.wires: dict[str, deque[bytes]] = {"agent": deque(), "viewer": deque()}
        self.now = 0.0
        self.asked = False
        self.established: dict[str, Established] = {}
        self.ends: dict[str, Closed] = {}
        self.sent_input: list[int] = []
        self.applied_input: list[int] = []
        self.sent_frames: list[int] = []
        self.seen_frames: list[int] = []
        self.ever_granted: frozenset[Right] = frozenset()
        self.broken = False
        self.take()

    @initialize(rights=st.none() | RIGHTS)
    def start(self, rights: frozenset[Right] | None) -> None:
        """Most runs begin with the user's yes, so that the tunnel itself is seen often."""
        if rights is not None:
            self.deliver("agent", 1)
            self.deliver("viewer", 1)
            self.grant(rights)
            self.deliver("agent", 1)

    def end(self, name: str) -> AgentConnection | ViewerConnection:
        return self.agent if name == "agent" else self.viewer

    def take(self) -> None:
        """Collect what both ends say and what they tell."""
        for name in ("agent", "viewer"):
            self.wires[name].extend(self.end(name).data_to_send())
            for event in self.end(name).events():
                match event:
                    case ConsentNeeded():
                        assert name == "agent"
                        assert not self.asked, "the user is asked once"
                        self.asked = True
                    case Established():
                        assert name not in self.ends
                        self.established[name] = event
                    case Received(message=m.PointerMove(seq=seq)):
                        self.applied_input.append(seq)
                    case Received(message=m.FrameBegin(frame=frame)):
                        self.seen_frames.append(frame)
                    case Closed():
                        assert name not in self.ends, "closed once"
                        self.ends[name] = event
                    case _:
                        pass

    @rule(name=st.sampled_from(["agent", "viewer"]), count=st.integers(1, 5))
    def deliver(self, name: str, count: int) -> None:
        receiver = self.viewer if name == "agent" else self.agent
        for _ in range(min(count, len(self.wires[name]))):
            receiver.receive_data(self.wires[name].popleft(), self.now)
        self.take()

    @precondition(lambda self: self.agent.phase is Phase.ASKING)
    @rule(rights=RIGHTS)
    def grant(self, rights: frozenset[Right]) -> None:
        self.agent.grant(rights, Facts(), self.now)
        self.ever_granted = self.agent.rights
        self.take()

    @precondition(lambda self: self.agent.phase is Phase.ASKING)
    @rule()
    def refuse(self) -> None:
        self.agent.refuse("declined", self.now)
        self.take()

    @rule(rights=RIGHTS)
    def narrow(self, rights: frozenset[Right]) -> None:
        self.agent.narrow(rights, self.now)
        self.take()

    @precondition(lambda self: self.viewer.phase is Phase.LIVE and Right.CONTROL in self.viewer.rights)
    @rule()
    def input(self) -> None:
        seq = len(self.sent_input) + 1
        self.viewer.send(m.PointerMove(seq, 1, 1), self.now)
        self.sent_input.append(seq)
        self.take()

    @precondition(lambda self: self.agent.phase is Phase.LIVE and Right.VIEW in self.agent.rights)
    @rule()
    def frame(self) -> None:
        number = len(self.sent_frames) + 1
        self.agent.send(m.FrameBegin(number, complete=False), self.now)
        self.sent_frames.append(number)
        self.take()

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0, 20.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.agent.on_deadline(self.now)
        self.viewer.on_deadline(self.now)
        self.take()

    @rule(name=st.sampled_from(["agent", "viewer"]))
    def close(self, name: str) -> None:
        self.end(name).close("ended", self.now)
        self.take()

    @rule(name=st.sampled_from(["agent", "viewer"]), place=st.integers(0, 10_000))
    def corrupt(self, name: str, place: int) -> None:
        wire = self.wires[name]
        if wire:
            data = bytearray(wire[0])
            data[place % len(data)] ^= 1
            wire[0] = bytes(data)
            self.broken = True

    @rule(name=st.sampled_from(["agent", "viewer"]))
    def lose(self, name: str) -> None:
        if self.wires[name]:
            self.wires[name].popleft()
            self.broken = True

    @invariant()
    def nobody_has_rights_that_were_not_granted(self) -> None:
        assert self.agent.rights <= self.ever_granted
        assert self.viewer.rights <= self.ever_granted

    @invariant()
    def both_ends_are_in_the_same_tunnel(self) -> None:
        if len(self.established) == 2:
            hashes = {event.handshake_hash for event in self.established.values()}
            assert len(hashes) == 1

    @invariant()
    def what_arrives_is_a_beginning_of_what_was_sent(self) -> None:
        # Input sent after control was taken back is dropped, so the applied ones may have a gap, but never disorder.
        assert self.applied_input == sorted(set(self.applied_input))
        assert set(self.applied_input) <= set(self.sent_input)
        assert self.seen_frames == sorted(set(self.seen_frames))
        assert set(self.seen_frames) <= set(self.sent_frames)

    @invariant()
    def nothing_is_said_to_have_ended_well_after_the_wire_broke(self) -> None:
        for name, event in self.ends.items():
            if not event.ended:
                assert event.error in set(ErrorCode)
            assert self.end(name).next_deadline() is None


Pair.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestPair = Pair.TestCase
