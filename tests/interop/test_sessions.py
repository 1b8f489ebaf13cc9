"""Python and JavaScript speak with each other: random sessions in both roles, and a rekey at its real distance."""

import os

import pytest

from protocol import messages as m
from protocol.handshake import RefusalReason
from protocol.records import REKEY_RECORDS
from protocol.rights import Right
from protocol.table import Phase
from tests.interop.meeting import Chance, Meeting, allowed, carry, expected, from_agent, from_viewer, queues
from tests.interop.peer import End, JsEnd, Json, Node, facts_of

SESSIONS_A_ROLE = 1_000
PARTS = 5
BATCH = 8_192
REASONS: tuple[RefusalReason, ...] = ("declined", "timeout", "busy")


def meet(agent: End, viewer: End) -> Json:
    """Bring both ends to the question; return what the agent tells of it."""
    carry(agent, viewer)
    carry(viewer, agent)
    (asked,) = agent.told()
    assert asked["event"] == "ConsentNeeded", asked
    assert viewer.told() == []
    return asked


def talk(chance: Chance, meeting: Meeting, agent: End, viewer: End) -> None:
    """Send a few messages both ways and see each arrive as it was."""
    for turn in range(1, 3):
        down = [from_agent(chance, turn * 10 + step) for step in range(chance.below(3))]
        up = [from_viewer(chance, turn * 10 + step) for step in range(chance.below(4))]
        for sender, receiver, messages in ((agent, viewer, down), (viewer, agent, up)):
            sent = [message for message in messages if allowed(message, meeting.rights)]
            sender.send_all(sent)
            carry(sender, receiver)
            assert queues(receiver.told()) == queues(expected(sent))


def part(chance: Chance, agent: End, viewer: End) -> None:
    """End it from either side, and see that both know."""
    ender, other = (agent, viewer) if chance.maybe() else (viewer, agent)
    reason = chance.text(50)
    ender.close("ended", reason)
    carry(ender, other)
    closed = {"event": "Closed", "ended": True, "code": "ended", "error": None, "reason": reason}
    assert ender.told() == other.told() == [closed]
    assert agent.phase == viewer.phase == Phase.CLOSED


def one_session(chance: Chance, node: Node, *, js_is_agent: bool) -> None:
    meeting = Meeting.draw(chance)
    agent = meeting.agent(node if js_is_agent else None)
    viewer = meeting.viewer(None if js_is_agent else node)
    asked = meet(agent, viewer)
    assert asked["rights"] == sorted(meeting.rights)
    if chance.below(10) == 0:
        reason = REASONS[chance.below(3)]
        agent.refuse(reason)
        carry(agent, viewer)
        declined, closed = viewer.told()
        assert declined == {"event": "Declined", "reason": reason}
        assert closed["ended"]
    else:
        agent.grant(frozenset(Right), meeting.facts)
        carry(agent, viewer)
        (at_agent,), (at_viewer,) = agent.told(), viewer.told()
        assert at_agent["handshake_hash"] == at_viewer["handshake_hash"]
        assert at_agent["rights"] == at_viewer["rights"] == sorted(meeting.rights)
        assert at_viewer["facts"] == facts_of(meeting.facts)
        assert at_viewer["peer_static"] == meeting.agent_static.public_key().public_bytes_raw().hex()
        assert at_agent["peer_static"] == meeting.device.public_key().public_bytes_raw().hex()
        talk(chance, meeting, agent, viewer)
        part(chance, agent, viewer)
    agent.forget()
    viewer.forget()


@pytest.mark.parametrize("js_is_agent", [False, True], ids=["js-viewer", "js-agent"])
@pytest.mark.parametrize("share", range(PARTS))
def test_random_sessions(node: Node, share: int, *, js_is_agent: bool) -> None:
    # New ones on every run; pytest shows this line when one fails, and the seed plays it again.
    run = os.environ.get("TOWLINE_INTEROP_SEED") or os.urandom(6).hex()
    print(f"TOWLINE_INTEROP_SEED={run}")
    for index in range(SESSIONS_A_ROLE // PARTS):
        one_session(Chance(f"{run} {share} {index} {js_is_agent}"), node, js_is_agent=js_is_agent)


@pytest.mark.parametrize("js_is_agent", [False, True], ids=["js-viewer", "js-agent"])
def test_the_rekey_after_65536_records(node: Node, *, js_is_agent: bool) -> None:
    chance = Chance("rekey")
    meeting = Meeting.draw(chance, rights=frozenset(Right), rekey_records=REKEY_RECORDS)
    agent = meeting.agent(node if js_is_agent else None)
    viewer = meeting.viewer(None if js_is_agent else node)
    meet(agent, viewer)
    agent.grant(frozenset(Right), meeting.facts)
    carry(agent, viewer)
    agent.told()
    viewer.told()
    first = 0
    while first < REKEY_RECORDS + 10:
        batch = [m.PointerMove(seq, 1, 2) for seq in range(first, first + BATCH)]
        data = one_record_each(viewer, batch)
        assert len(data) == BATCH
        agent.receive_all(data)
        assert [event["fields"]["seq"] for event in agent.told()] == [message.seq for message in batch]
        first += BATCH
    part(chance, agent, viewer)


def one_record_each(end: End, messages: list[m.PointerMove]) -> list[bytes]:
    """Send messages, each in a record of its own."""
    if isinstance(end, JsEnd):
        # The JavaScript side waits for each to be sealed before it takes the next.
        end.send_all(messages)
        return end.data_to_send()
    data: list[bytes] = []
    for message in messages:
        end.send_all([message])
        data += end.data_to_send()
    return data
