import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import messages as m
from protocol.errors import ErrorCode, LocalProtocolError, NotPermitted, RemoteProtocolError
from protocol.rights import Right
from protocol.table import TABLE, Phase, Role, Row, check_incoming, check_outgoing, limits_for
from tests.protocol.support import BOTH, vectors
from tests.vectors.make import MESSAGES, fields_of, name_of

FILE = vectors("messages.json")


def test_vectors() -> None:
    assert len(FILE["messages"]) == len(MESSAGES)
    for message, case in zip(MESSAGES, FILE["messages"], strict=True):
        assert (name_of(message), fields_of(message)) == (case["name"], case["fields"])
        assert m.pack_message(message) == (case["kind"], bytes.fromhex(case["hex"]))
        assert m.parse_message(case["kind"], bytes.fromhex(case["hex"])) == message


def test_every_message_has_a_vector_and_a_row() -> None:
    every = set(m.JsonMessage.__args__) | set(m.BinaryMessage.__args__)
    assert {type(message) for message in MESSAGES} == every == set(TABLE)


@pytest.mark.parametrize("case", FILE["rejects"], ids=lambda case: case["why"])
def test_malformed_messages_are_refused(case: dict[str, str]) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        m.parse_message(int(case["kind"]), bytes.fromhex(case["hex"]))
    assert caught.value.code == case["code"]


@pytest.mark.parametrize("case", FILE["messages"], ids=lambda case: case["name"])
def test_a_message_cut_short_or_with_a_byte_left_over_is_refused_unless_it_ends_in_data(case: dict[str, str]) -> None:
    kind, data = int(case["kind"]), bytes.fromhex(case["hex"])
    open_ended = case["name"] in {"rect", "cursor-shape"}
    for changed in (data[:-1], data + b"\0"):
        if open_ended and len(changed) >= 9:
            assert m.kind_of(m.parse_message(kind, changed)) == kind
            continue
        with pytest.raises(RemoteProtocolError):
            m.parse_message(kind, changed)


@given(st.integers(0, 255), st.binary(max_size=120))
def test_any_bytes_are_a_message_or_a_documented_error(kind: int, data: bytes) -> None:
    try:
        message = m.parse_message(kind, data)
    except RemoteProtocolError as error:
        assert error.code in set(ErrorCode)
    else:
        assert m.kind_of(message) == kind


@pytest.mark.parametrize(
    "message",
    [
        m.PointerMove(1, -1, 0),
        m.PointerMove(1, 65_536, 0),
        m.PointerMove(1 << 32, 0, 0),
        m.Wheel(1, 0, 0, 40_000, 0),
        m.Key(1, True, 0, "Ä", ""),
        m.Key(1, True, 0, "A" * 33, ""),
        m.Key(1, True, 0, "KeyA", "a" * 65),
    ],
)
def test_values_out_of_range_are_the_callers_mistake(message: m.Message) -> None:
    with pytest.raises(LocalProtocolError):
        m.pack_message(message)


@pytest.mark.parametrize("message", MESSAGES, ids=name_of)
def test_the_table_is_the_gate(message: m.Message) -> None:
    row = TABLE[type(message)]
    for receiver in Role:
        if receiver.peer not in row.senders:
            with pytest.raises(RemoteProtocolError):
                check_incoming(message, receiver, Phase.LIVE, BOTH)
            with pytest.raises(LocalProtocolError):
                check_outgoing(message, receiver.peer, Phase.LIVE, BOTH)
            continue
        check_incoming(message, receiver, Phase.LIVE, BOTH)
        check_outgoing(message, receiver.peer, Phase.LIVE, BOTH)
        for phase in set(Phase) - {Phase.LIVE}:
            with pytest.raises(RemoteProtocolError):
                check_incoming(message, receiver, phase, BOTH)
            with pytest.raises(LocalProtocolError):
                check_outgoing(message, receiver.peer, phase, BOTH)
        if row.right is not None:
            with pytest.raises(NotPermitted):
                check_incoming(message, receiver, Phase.LIVE, BOTH - {row.right})
            with pytest.raises(LocalProtocolError):
                check_outgoing(message, receiver.peer, Phase.LIVE, BOTH - {row.right})


def test_a_message_without_a_row_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    check_incoming(m.Ping(1), Role.AGENT, Phase.LIVE, BOTH)
    without: dict[type[m.Message], Row] = {cls: row for cls, row in TABLE.items() if cls is not m.Ping}
    monkeypatch.setattr("protocol.table.TABLE", without)
    with pytest.raises(RemoteProtocolError):
        check_incoming(m.Ping(1), Role.AGENT, Phase.LIVE, BOTH)


def test_all_input_needs_control_and_comes_from_the_viewer() -> None:
    inputs = {m.PointerMove, m.Button, m.Wheel, m.Key, m.Text, m.ReleaseAll}
    assert {cls for cls, row in TABLE.items() if row.right is Right.CONTROL and row.senders == (Role.VIEWER,)} == inputs


def test_no_side_is_sent_kinds_that_are_not_for_it() -> None:
    assert m.Rect.KIND not in limits_for(Role.AGENT)
    assert m.Rect.KIND in limits_for(Role.VIEWER)
    assert m.Key.KIND not in limits_for(Role.VIEWER)
    assert m.Key.KIND in limits_for(Role.AGENT)
