"""The server's keys: files, certificates, tokens."""

import dataclasses
import hmac
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from protocol.authority import GrantKeyCertificate, verify
from tickets.keys import KeysUnusable, ServerKeys, create_keys, hash_token, load_keys, same_token

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Keys that were just made."""
    create_keys(tmp_path / "keys")
    return tmp_path / "keys"


def certificate(keys: ServerKeys, now: datetime, serial: str) -> GrantKeyCertificate:
    return verify(keys.organisation.public_key(), keys.grant_key_certificate(now, serial), GrantKeyCertificate)


def test_nobody_else_can_read_the_files(folder: Path) -> None:
    load_keys(folder).grant_key_certificate(NOW, "one")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    names = ("organisation.pem", "grant.pem", "token.key", "push.pem", "grant-key.certificate")
    assert modes == dict.fromkeys(names, 0o600)


def test_making_keys_again_keeps_them(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    create_keys(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("name", ["organisation.pem", "grant.pem", "token.key"])
def test_a_key_that_others_can_read_is_not_used(folder: Path, name: str) -> None:
    (folder / name).chmod(0o640)
    with pytest.raises(KeysUnusable, match="chmod 600"):
        load_keys(folder)
    (folder / name).chmod(0o600)
    load_keys(folder)


@pytest.mark.parametrize("name", ["organisation.pem", "grant.pem", "token.key"])
@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_damaged_or_missing_key_says_what_to_do(folder: Path, name: str, content: bytes) -> None:
    good = (folder / name).read_bytes()
    (folder / name).write_bytes(content)
    with pytest.raises(KeysUnusable, match="backup"):
        load_keys(folder)
    (folder / name).unlink()
    with pytest.raises(KeysUnusable, match="towline-relay init"):
        load_keys(folder)
    descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, good)
    os.close(descriptor)
    load_keys(folder)


def test_the_grant_keys_certificate_lasts_and_is_renewed_when_half_over(folder: Path) -> None:
    keys = load_keys(folder)
    first = certificate(keys, NOW, "one")
    assert first.not_after - first.not_before == 30 * 86_400
    assert certificate(load_keys(folder), NOW + timedelta(days=14), "two") == first
    second = certificate(keys, NOW + timedelta(days=15), "two")
    assert second.serial == "two"
    assert second.not_before == int((NOW + timedelta(days=15)).timestamp())


@pytest.mark.parametrize("content", ["", "!", "AAAA"])
def test_a_damaged_certificate_is_signed_anew(folder: Path, content: str) -> None:
    keys = load_keys(folder)
    certificate(keys, NOW, "one")
    keys.grant_certificate_file.write_text(content)
    assert certificate(keys, NOW, "two").serial == "two"


def test_a_certificate_of_other_keys_is_not_used(folder: Path, tmp_path: Path) -> None:
    create_keys(tmp_path / "other")
    other, keys = load_keys(tmp_path / "other"), load_keys(folder)
    certificate(other, NOW, "one")
    other.grant_certificate_file.replace(keys.grant_certificate_file)
    assert certificate(keys, NOW, "two").serial == "two"


def test_a_token_is_for_one_ticket_one_holder_one_generation(folder: Path) -> None:
    keys = load_keys(folder)
    token = keys.requester_token("ticket", "person", 1)
    others = {
        keys.requester_token("ticket2", "person", 1),
        keys.requester_token("ticket", "person2", 1),
        keys.requester_token("ticket", "person", 2),
        keys.requester_token("ticketp", "erson", 1),
        keys.agent_token("ticket", "person", 1),
    }
    assert len(others) == 5
    assert token not in others
    assert len(token) == 43
    assert same_token(token, keys.requester_token("ticket", "person", 1))
    assert not any(same_token(token, other) for other in others)


def test_tokens_of_any_text_can_be_compared() -> None:
    assert not same_token("ä\ud800", "token")
    assert len(hash_token("ä\ud800")) == 32


def test_keys_do_not_show_themselves(folder: Path) -> None:
    keys = load_keys(folder)
    assert keys.token_key.hex() not in repr(keys)
    assert repr(keys.token_key) not in repr(keys)


def test_a_certificate_of_another_grant_key_is_not_used(folder: Path, tmp_path: Path) -> None:
    create_keys(tmp_path / "other")
    keys = load_keys(folder)
    assert certificate(keys, NOW, "one").serial == certificate(keys, NOW, "two").serial == "one"
    renewed = dataclasses.replace(keys, grant=load_keys(tmp_path / "other").grant)
    assert certificate(renewed, NOW, "two").serial == "two"


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    compare = hmac.compare_digest

    def recorded(left: bytes, right: bytes) -> bool:
        compared.append((left, right))
        return compare(left, right)

    monkeypatch.setattr(hmac, "compare_digest", recorded)
    assert same_token("one", "one")
    assert not same_token("one", "two")
    assert compared == [(b"one", b"one"), (b"one", b"two")]
