import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import LocalProtocolError, RemoteProtocolError, SecurityError
from protocol.noise import CipherState
from protocol.records import MAX_PLAIN_BYTES, Body, PieceReader, PieceWriter, RecordOpener, RecordSealer
from tests.protocol.support import vectors

KEY = bytes(range(32))


def test_vectors() -> None:
    file = vectors("records.json")
    key, rekey = bytes.fromhex(file["key"]), file["rekey_records"]
    sealer = RecordSealer(CipherState(key), rekey_records=rekey)
    opener = RecordOpener(CipherState(key), rekey_records=rekey)
    for case in file["records"]:
        assert sealer.seal(bytes.fromhex(case["plain"])).hex() == case["record"]
        assert opener.open(bytes.fromhex(case["record"])).hex() == case["plain"]


def test_vectors_of_pieces() -> None:
    file = vectors("records.json")
    limits = {int(kind): limit for kind, limit in file["limits"].items()}
    for case in file["pieces"]:
        reader = PieceReader(limits)
        bodies = [body for plain in case["plains"] for body in reader.read(bytes.fromhex(plain))]
        assert bodies == [Body(body["kind"], bytes.fromhex(body["hex"])) for body in case["bodies"]]
    for case in file["rejects"]:
        reader = PieceReader(limits)
        with pytest.raises(RemoteProtocolError) as caught:
            for plain in case["plains"]:
                reader.read(bytes.fromhex(plain))
        assert caught.value.code == case["code"], case["why"]


def test_the_key_changes_after_the_given_number_of_records() -> None:
    sealer = RecordSealer(CipherState(KEY), rekey_records=2)
    first, second, third = (sealer.seal(b"same") for _ in range(3))
    without = CipherState(KEY)
    assert without.encrypt(b"same") == first
    assert without.encrypt(b"same") == second
    assert without.encrypt(b"same") != third
    without = CipherState(KEY)
    without.counter = 2
    without.rekey()
    assert without.encrypt(b"same") == third


@pytest.mark.parametrize("order", [(1,), (0, 0), (0, 2), (1, 0)])
def test_lost_repeated_and_swapped_records_do_not_open(order: tuple[int, ...]) -> None:
    sealer = RecordSealer(CipherState(KEY))
    records = [sealer.seal(bytes([number])) for number in range(3)]
    opener = RecordOpener(CipherState(KEY))
    with pytest.raises(SecurityError):
        for number in order:
            opener.open(records[number])
    opener = RecordOpener(CipherState(KEY))
    assert [opener.open(record) for record in records] == [b"\0", b"\1", b"\2"]


def test_sizes() -> None:
    sealer, opener = RecordSealer(CipherState(KEY)), RecordOpener(CipherState(KEY))
    assert len(opener.open(sealer.seal(bytes(MAX_PLAIN_BYTES)))) == MAX_PLAIN_BYTES
    for wrong in (b"", bytes(MAX_PLAIN_BYTES + 1)):
        with pytest.raises(LocalProtocolError):
            sealer.seal(wrong)
    with pytest.raises(RemoteProtocolError):
        opener.open(bytes(65_536))
    with pytest.raises(RemoteProtocolError):
        RecordOpener(CipherState(KEY)).open(CipherState(KEY).encrypt(b""))


BODIES = st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.binary(max_size=300), st.booleans()), max_size=12)


@given(BODIES, st.integers(5, 400))
def test_messages_arrive_whole_and_those_of_a_queue_in_order(
    bodies: list[tuple[int, bytes, bool]], target: int
) -> None:
    writer = PieceWriter(target_bytes=target)
    reader = PieceReader(dict.fromkeys((1, 2, 3), 300))
    arrived: list[Body] = []
    for kind, data, urgent in bodies:
        writer.add(Body(kind, data), urgent=urgent)
        # One record between additions, so that urgent ones meet bulky ones half written.
        if (plain := writer.next_plain()) is not None:
            assert len(plain) <= target
            arrived += reader.read(plain)
    while (plain := writer.next_plain()) is not None:
        arrived += reader.read(plain)
    assert not writer.pending
    assert sorted((b.kind, b.data) for b in arrived) == sorted((kind, data) for kind, data, _ in bodies)
    for wanted in (True, False):
        sent = [(kind, data) for kind, data, urgent in bodies if urgent == wanted]
        iterator = iter((b.kind, b.data) for b in arrived)
        assert all(item in iterator for item in sent)


def test_what_is_urgent_overtakes_a_picture_under_way() -> None:
    writer = PieceWriter(target_bytes=100)
    writer.add(Body(0x21, bytes(1_000)), urgent=False)
    reader = PieceReader({0x21: 1_000, 0x13: 10})
    assert reader.read(writer.next_plain() or b"") == []
    writer.add(Body(0x13, b"key"), urgent=True)
    assert reader.read(writer.next_plain() or b"") == [Body(0x13, b"key")]


@given(st.binary(max_size=80))
def test_garbage_is_bodies_or_one_documented_error(garbage: bytes) -> None:
    try:
        PieceReader({1: 64}).read(garbage)
    except RemoteProtocolError as error:
        assert error.code in {"malformed", "unknown-message", "too-large"}
