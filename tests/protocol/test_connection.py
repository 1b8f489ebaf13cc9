from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import connection as c
from protocol import messages as m
from protocol.authority import Credentials, sign
from protocol.connection import AgentConnection, Closed, ConsentNeeded, Declined, Established, Received, RightsNow
from protocol.encoding import parse_b64
from protocol.errors import ErrorCode, LocalProtocolError
from protocol.handshake import Facts, RefusalReason
from protocol.noise import CipherState
from protocol.rights import Right
from protocol.table import Phase
from tests.protocol.support import BOTH, closed, establish, pump, vectors
from tests.vectors import make

FACTS = Facts("computer", "Linux", "uma", "0.1.0")


def test_the_whole_way() -> None:
    agent, viewer = make.pair()
    pump(agent, viewer)
    (asked,) = agent.events()
    assert isinstance(asked, ConsentNeeded)
    assert asked.authority.name == "Tess Technician"
    assert viewer.events() == []
    agent.grant(BOTH, FACTS, 1.0)
    pump(agent, viewer, 1.0)
    (at_agent,), (at_viewer,) = agent.events(), viewer.events()
    assert isinstance(at_agent, Established)
    assert isinstance(at_viewer, Established)
    assert at_agent.handshake_hash == at_viewer.handshake_hash
    assert at_viewer.facts == FACTS
    assert at_viewer.rights == BOTH
    key = m.Key(1, True, 0, "KeyA", "a")
    viewer.send(key, 1.0)
    pump(agent, viewer, 1.0)
    assert agent.events() == [Received(key)]
    agent.close("ended", 2.0, "Thank you")
    pump(agent, viewer, 2.0)
    assert closed(viewer.events()) == Closed(ended=True, code="ended", reason="Thank you")
    assert closed(agent.events()).ended
    assert agent.next_deadline() is viewer.next_deadline() is None


def test_vectors() -> None:
    file = vectors("handshake.json")
    for case in file["sessions"]:
        agent, viewer = make.pair(resume=case["resume"], rekey_records=file["rekey_records"])
        ends = {"agent": agent, "viewer": viewer}
        for step in case["wire"]:
            sender, receiver = (agent, viewer) if step["from"] == "agent" else (viewer, agent)
            if agent.phase is Phase.ASKING and step["from"] == "agent":
                if case["refused"]:
                    agent.refuse("declined", 0.0)
                else:
                    agent.grant(BOTH, Facts("computer", "Linux", "uma", "0.1.0"), 0.0)
            receiver.receive_data(bytes.fromhex(step["hex"]), 0.0)
            sender.data_to_send()
        assert closed(ends["viewer"].events()).ended


def test_vectors_are_what_this_code_writes() -> None:
    for name in ("authority.json", "envelope.json", "handshake.json", "messages.json", "records.json", "tracking.json"):
        assert (make.HERE / name).read_text(encoding="ascii") == make.render(name), name


@pytest.mark.parametrize("case", vectors("authority.json")["rejects"], ids=lambda case: case["why"])
def test_bad_papers_bring_no_question_and_no_byte(case: dict[str, Any]) -> None:
    papers = Credentials(**{name: parse_b64(value) for name, value in case["credentials"].items()})
    agent, viewer = make.pair(papers=papers)
    if case["peer_static"] != make.public(make.DEVICE):
        viewer._static = X25519PrivateKey.from_private_bytes(bytes(range(9, 41)))
    agent._trust = make.trust(**case["trust"])
    # Papers over the size of a payload are refused by the sender itself.
    try:
        wire = pump(agent, viewer)
    except LocalProtocolError:
        assert case["why"] == "grant too large"
        return
    assert [sender for sender, _ in wire] == ["agent", "viewer"]
    (event,) = agent.events()
    assert isinstance(event, Closed)
    assert event.error is ErrorCode.REFUSED
    assert not event.ended


def test_a_refusal_is_told_and_ends_the_session() -> None:
    reasons: tuple[RefusalReason, ...] = ("declined", "timeout", "busy")
    for reason in reasons:
        agent, viewer = make.pair()
        pump(agent, viewer)
        agent.refuse(reason, 0.0)
        pump(agent, viewer)
        declined, end = viewer.events()
        assert isinstance(declined, Declined)
        assert declined.reason == reason
        assert isinstance(end, Closed)
        assert end.ended
        assert agent.phase is viewer.phase is Phase.CLOSED


def test_silence_of_the_user_is_a_no() -> None:
    agent, viewer = make.pair()
    pump(agent, viewer)
    deadline = agent.next_deadline()
    assert deadline is not None
    assert deadline == c.CONSENT_S
    agent.on_deadline(deadline - 0.1)
    assert agent.phase is Phase.ASKING
    agent.on_deadline(deadline)
    pump(agent, viewer, deadline)
    assert viewer.events()[0] == Declined("timeout")


def test_another_agent_key_than_the_pinned_one_is_refused() -> None:
    agent, viewer = make.pair()
    viewer._expected_agent_key = bytes(32)
    pump(agent, viewer)
    agent.grant(BOTH, Facts(), 0.0)
    pump(agent, viewer)
    assert closed(viewer.events()).error is ErrorCode.REFUSED
    agent, viewer = make.pair()
    establish(agent, viewer)
    assert viewer.phase is Phase.LIVE


def test_the_user_cannot_grant_more_than_the_ticket_allows() -> None:
    view_only = make.credentials(grant=sign(make.GRANT_KEY, make.session_grant(rights=("view",))))
    agent, viewer = make.pair(papers=view_only)
    establish(agent, viewer)
    assert agent.rights == viewer.rights == {Right.VIEW}


def test_input_without_the_right_ends_the_session_and_with_it_passes() -> None:
    for granted in (frozenset({Right.VIEW}), BOTH):
        agent, viewer = make.pair()
        establish(agent, viewer, granted)
        viewer.rights = BOTH  # a viewer that lies to itself
        viewer.send(m.PointerMove(1, 2, 3), 10.0)
        pump(agent, viewer, 10.0)
        if granted == BOTH:
            assert agent.events() == [Received(m.PointerMove(1, 2, 3))]
        else:
            assert closed(agent.events()).error is ErrorCode.NOT_PERMITTED
            assert closed(viewer.events()).code == "protocol-error"


def test_input_under_way_when_control_is_taken_back_is_dropped_without_blame() -> None:
    agent, viewer = make.pair()
    establish(agent, viewer)
    viewer.send(m.PointerMove(1, 2, 3), 5.0)
    late = viewer.data_to_send()
    agent.narrow(frozenset({Right.VIEW}), 5.0)
    assert agent.events() == [RightsNow(frozenset({Right.VIEW}))]
    for data in late:
        agent.receive_data(data, 5.1)
    assert agent.events() == []
    assert agent.phase is Phase.LIVE
    pump(agent, viewer, 5.1)
    assert viewer.rights == {Right.VIEW}
    with pytest.raises(LocalProtocolError):
        viewer.send(m.PointerMove(2, 2, 3), 5.2)


def test_rights_never_widen_by_narrowing() -> None:
    agent, viewer = make.pair()
    establish(agent, viewer, frozenset({Right.VIEW}))
    agent.narrow(BOTH, 1.0)
    assert agent.rights == {Right.VIEW}
    agent.narrow(frozenset({Right.CONTROL}), 1.0)
    pump(agent, viewer, 1.0)
    assert closed(viewer.events()).code == "rights-withdrawn"


def test_resume_needs_the_secret_on_both_sides() -> None:
    agent, viewer = make.pair(resume=True)
    establish(agent, viewer)
    assert viewer.phase is Phase.LIVE
    agent, viewer = make.pair(resume=True)
    viewer._resume_secret = None
    pump(agent, viewer)
    assert closed(viewer.events()).error is ErrorCode.NO_RESUME


def test_other_versions_and_patterns_do_not_exist() -> None:
    for first in (b"", b"\x00", b"\x03" + bytes(32), b"\xff"):
        _, viewer = make.pair()
        viewer.receive_data(first, 0.0)
        assert closed(viewer.events()).error is ErrorCode.MALFORMED
        assert viewer.data_to_send() == []


def test_a_first_message_with_content_is_refused() -> None:
    agent, viewer = make.pair()
    (first,) = agent.data_to_send()
    viewer.receive_data(first + b"x", 0.0)
    assert closed(viewer.events()).error is ErrorCode.MALFORMED
    assert viewer.data_to_send() == []


def test_heartbeat_and_loss() -> None:
    agent, viewer = make.pair()
    establish(agent, viewer)
    now = 0.0
    for _ in range(30):
        now += 1.0
        for end in (agent, viewer):
            end.on_deadline(now)
        pump(agent, viewer, now)
    assert agent.phase is viewer.phase is Phase.LIVE
    assert agent.events() == viewer.events() == []
    lost_at = now + c.LOST_AFTER_S
    while (deadline := viewer.next_deadline()) is not None:
        viewer.on_deadline(deadline)
        viewer.data_to_send()
        assert deadline <= lost_at
    event = closed(viewer.events())
    assert not event.ended
    assert event.error is ErrorCode.LOST


def test_a_peer_that_stops_in_the_handshake_is_given_up() -> None:
    for end in make.pair():
        deadline = end.next_deadline()
        assert deadline == c.HANDSHAKE_S
        end.on_deadline(deadline)
        assert closed(end.events()).error is ErrorCode.LOST


def test_a_close_without_bye_is_lost_not_ended() -> None:
    agent, viewer = make.pair()
    establish(agent, viewer)
    viewer.connection_lost()
    event = closed(viewer.events())
    assert not event.ended
    assert event.error is ErrorCode.LOST


def test_after_the_end_nothing_is_read_sent_or_kept() -> None:
    agent, viewer = make.pair()
    establish(agent, viewer)
    viewer.send(m.Ping(1), 0.0)
    late = viewer.data_to_send()
    sealer = agent._sealer
    assert sealer is not None
    cipher: CipherState = sealer._cipher
    agent.close("ended", 0.0)
    assert cipher.wiped
    agent.data_to_send()
    agent.events()
    for data in late:
        agent.receive_data(data, 0.0)
    agent.close("ended", 0.0)
    agent.connection_lost()
    assert agent.events() == []
    assert agent.data_to_send() == []
    with pytest.raises(LocalProtocolError):
        agent.send(m.Ping(1), 0.0)


def test_the_bye_overtakes_a_picture_under_way() -> None:
    agent, viewer = make.pair()
    establish(agent, viewer)
    agent.send(m.Rect(1, 0, 0, 1_000, 1_000, bytes(3_000_000)), 0.0)
    first = agent.next_record()
    assert first is not None
    viewer.receive_data(first, 0.0)
    agent.close("ended", 0.0)
    assert len(agent.data_to_send()) == 1


def test_next_record_gives_what_data_to_send_would() -> None:
    for one_by_one in (True, False):
        agent, viewer = make.pair()
        establish(agent, viewer)
        agent.send(m.Rect(1, 0, 0, 10, 10, bytes(9_000)), 0.0)
        agent.send(m.Ping(5), 0.0)
        records: list[bytes] = []
        if one_by_one:
            while agent.pending and (record := agent.next_record()) is not None:
                records.append(record)
        else:
            records = agent.data_to_send()
        assert len(records) == 3
        for record in records:
            viewer.receive_data(record, 0.0)
        assert viewer.events() == [Received(m.Rect(1, 0, 0, 10, 10, bytes(9_000)))]


def test_misuse_is_the_callers_mistake() -> None:
    agent, viewer = make.pair()
    calls: tuple[Callable[[], None], ...] = (
        lambda: agent.grant(BOTH, Facts(), 0.0),
        lambda: agent.refuse("declined", 0.0),
        lambda: viewer.send(m.Ping(1), 0.0),
    )
    for call in calls:
        with pytest.raises(LocalProtocolError):
            call()
    pump(agent, viewer)
    with pytest.raises(LocalProtocolError):
        agent.grant(frozenset(), Facts(), 0.0)
    agent.grant(BOTH, Facts(), 0.0)
    pump(agent, viewer)
    for message in (m.Key(1, True, 0, "A", ""), m.Text(1, "")):
        with pytest.raises(LocalProtocolError):
            agent.send(message, 0.0)
    with pytest.raises(LocalProtocolError):
        agent.send(m.CursorShape(1, 1, 0, 0, bytes(m.MAX_CURSOR_BYTES)), 0.0)


def test_what_a_viewer_says_while_the_user_is_asked_ends_it() -> None:
    agent, viewer = make.pair()
    pump(agent, viewer)
    agent.events()
    agent.receive_data(b"anything", 0.0)
    assert closed(agent.events()).error is ErrorCode.OUT_OF_STATE


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 40), st.data())
def test_a_changed_byte_anywhere_ends_in_a_documented_error(step: int, data: st.DataObject) -> None:
    agent, viewer = make.pair(rekey_records=8)
    count = 0
    asked = False
    for turn in range(30):
        for sender, receiver in ((agent, viewer), (viewer, agent)):
            for sent in sender.data_to_send():
                if count == step:
                    place = data.draw(st.integers(0, len(sent) - 1))
                    changed = data.draw(
                        st.sampled_from(
                            [sent[:place], sent[:place] + bytes([sent[place] ^ 1]) + sent[place + 1 :], sent + b"x"]
                        )
                    )
                    receiver.receive_data(changed, 0.0)
                    pump_result = [event for event in receiver.events() if isinstance(event, Closed)]
                    # Message 1 is in the clear: a changed key shows when message 2 does not open at the agent.
                    if count > 0:
                        assert pump_result
                        assert pump_result[0].error in set(ErrorCode)
                        assert not pump_result[0].ended
                    return
                receiver.receive_data(sent, 0.0)
                count += 1
        if agent.phase is Phase.ASKING and not asked:
            asked = True
            agent.grant(BOTH, Facts(), 0.0)
        elif viewer.phase is Phase.LIVE:
            viewer.send(m.PointerMove(turn, 1, 1), 0.0)
            agent.send(m.FrameBegin(turn, complete=False), 0.0)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=100), min_size=1, max_size=4), st.booleans())
def test_garbage_at_any_time_closes_and_never_raises(chunks: list[bytes], live: bool) -> None:
    agent, viewer = make.pair()
    if live:
        establish(agent, viewer)
    for end in (agent, viewer):
        for chunk in chunks:
            end.receive_data(chunk, 0.0)
        if live or isinstance(end, AgentConnection):
            assert closed(end.events()).error is not None
        end.on_deadline(1_000.0)
        assert end.phase is Phase.CLOSED
