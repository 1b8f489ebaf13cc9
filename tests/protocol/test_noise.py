import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import LocalProtocolError, SecurityError
from protocol.noise import CipherState, HandshakeState, Pattern

PATTERNS = {"Noise_XX_25519_AESGCM_SHA256": Pattern.XX, "Noise_XXpsk3_25519_AESGCM_SHA256": Pattern.XXPSK3}


def key(text: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(bytes.fromhex(text))


def sides(vector: dict[str, Any]) -> tuple[HandshakeState, HandshakeState]:
    def side(name: str) -> HandshakeState:
        secrets = vector.get(f"{name}_psks")
        return HandshakeState(
            PATTERNS[vector["protocol_name"]],
            initiator=name == "init",
            prologue=bytes.fromhex(vector[f"{name}_prologue"]),
            static=key(vector[f"{name}_static"]),
            ephemeral=key(vector[f"{name}_ephemeral"]),
            psk=bytes.fromhex(secrets[0]) if secrets else None,
        )

    return side("init"), side("resp")


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_the_published_vectors(name: str, shared_dir: Path) -> None:
    file = json.loads((shared_dir / "vectors" / "noise_25519_aesgcm_sha256.json").read_text())
    (vector,) = [vector for vector in file["vectors"] if vector["protocol_name"] == name]
    sender, receiver = sides(vector)
    for message in vector["messages"][:3]:
        payload, expected = bytes.fromhex(message["payload"]), bytes.fromhex(message["ciphertext"])
        assert sender.write_message(payload) == expected
        assert receiver.read_message(expected) == payload
        sender, receiver = receiver, sender
    # After three messages the initiator was the last to send; the responder goes on.
    responder, initiator = sender.split(), receiver.split()
    assert initiator.handshake_hash.hex() == responder.handshake_hash.hex() == vector["handshake_hash"]
    one, two = responder, initiator
    for message in vector["messages"][3:]:
        payload, expected = bytes.fromhex(message["payload"]), bytes.fromhex(message["ciphertext"])
        assert one.send.encrypt(payload) == expected
        assert two.receive.decrypt(expected) == payload
        one, two = two, one


def fresh(
    pattern: Pattern = Pattern.XX, *, psk: bytes | None = None, prologue: bytes = b""
) -> tuple[HandshakeState, ...]:
    return tuple(
        HandshakeState(
            pattern,
            initiator=initiator,
            prologue=prologue,
            static=X25519PrivateKey.generate(),
            ephemeral=X25519PrivateKey.generate(),
            psk=psk,
        )
        for initiator in (True, False)
    )


def run(initiator: HandshakeState, responder: HandshakeState) -> None:
    responder.read_message(initiator.write_message(b"one"))
    initiator.read_message(responder.write_message(b"two"))
    responder.read_message(initiator.write_message(b"three"))


def test_different_prologues_do_not_meet() -> None:
    (one, _), (_, other) = fresh(prologue=b"a"), fresh(prologue=b"b")
    other.read_message(one.write_message())
    with pytest.raises(SecurityError):
        one.read_message(other.write_message())
    run(*fresh(prologue=b"a"))


def test_different_resume_secrets_do_not_meet() -> None:
    one, _ = fresh(Pattern.XXPSK3, psk=bytes(32))
    _, other = fresh(Pattern.XXPSK3, psk=bytes([1] * 32))
    # With a psk, message 1's payload is already sealed under it only after psk3: it fails at message 3 at the latest.
    with pytest.raises(SecurityError):
        run(one, other)
    run(*fresh(Pattern.XXPSK3, psk=bytes(32)))


def test_a_key_of_low_order_is_refused() -> None:
    _, responder = fresh()
    with pytest.raises(SecurityError):
        responder.read_message(bytes(32))
        responder.write_message()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.data())
def test_a_changed_message_is_refused(step: int, data: st.DataObject) -> None:
    initiator, responder = fresh()
    sender, receiver = initiator, responder
    for number in (1, 2, 3):
        message = sender.write_message(b"payload")
        if number == step:
            place = data.draw(st.integers(0, len(message) - 1))
            changed = message[:place] + bytes([message[place] ^ 1]) + message[place + 1 :]
            with pytest.raises(SecurityError):
                receiver.read_message(changed)
                # Message 1 is in the clear: the change shows at the first sealed one.
                sender.read_message(receiver.write_message())
            return
        receiver.read_message(message)
        sender, receiver = receiver, sender


@given(st.binary(max_size=200))
def test_garbage_is_refused(garbage: bytes) -> None:
    initiator, responder = fresh()
    responder.read_message(initiator.write_message())
    responder.write_message()
    with pytest.raises(SecurityError):
        initiator.read_message(garbage)


def test_turns_and_secrets_are_the_callers_business() -> None:
    initiator, responder = fresh()
    with pytest.raises(LocalProtocolError):
        responder.write_message()
    with pytest.raises(LocalProtocolError):
        initiator.read_message(b"")
    with pytest.raises(LocalProtocolError):
        initiator.split()
    with pytest.raises(LocalProtocolError):
        fresh(Pattern.XXPSK3)
    with pytest.raises(LocalProtocolError):
        fresh(Pattern.XX, psk=bytes(32))
    with pytest.raises(LocalProtocolError):
        fresh(Pattern.XXPSK3, psk=bytes(31))


def test_a_wiped_key_neither_seals_nor_opens() -> None:
    cipher = CipherState(bytes(32))
    sealed = cipher.encrypt(b"text")
    twin = CipherState(bytes(32))
    assert twin.decrypt(sealed) == b"text"
    cipher.wipe()
    assert cipher.wiped
    assert not twin.wiped
    with pytest.raises(LocalProtocolError):
        cipher.encrypt(b"text")
    with pytest.raises(LocalProtocolError):
        cipher.decrypt(sealed)
