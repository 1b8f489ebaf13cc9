"""Files that only their owner may read."""

import stat
from pathlib import Path

import pytest

from technician_viewer.errors import UnusableState
from technician_viewer.keystore import Keystore, Login, last_server, read_private, state_folder, write_private
from technician_viewer.transport import parse_server

SERVER = parse_server("https://help.example.org")
LOGIN = Login(SERVER.origin, "ada@example.org", "T" * 43, "Ada", "A" * 43, "Example", "YQ", "2026-12-24T10:00:00Z")


def test_files_are_private_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "file"
    write_private(path, b"one")
    write_private(path, b"two")
    assert read_private(path) == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
    assert read_private(tmp_path / "none") is None


def test_a_file_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    store = Keystore(tmp_path, SERVER)
    store.device()
    path = next(tmp_path.rglob("device.key"))
    path.chmod(0o644)
    with pytest.raises(UnusableState, match="Others can read"):
        store.device()
    path.chmod(0o600)
    store.device()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableState, match="TOWLINE_STATE"):
        write_private(tmp_path / "file" / "below", b"x")
    write_private(tmp_path / "folder" / "below", b"x")


def test_the_device_key_stays_the_same(tmp_path: Path) -> None:
    key = Keystore(tmp_path, SERVER).device().private_bytes_raw()
    assert Keystore(tmp_path, SERVER).device().private_bytes_raw() == key
    other = Keystore(tmp_path, parse_server("https://other.example.org")).device()
    assert other.private_bytes_raw() != key


def test_login_is_kept_and_forgotten(tmp_path: Path) -> None:
    store = Keystore(tmp_path, SERVER)
    assert store.login() is None
    store.keep(LOGIN)
    assert Keystore(tmp_path, SERVER).login() == LOGIN
    assert last_server(tmp_path) == SERVER.origin
    assert LOGIN.token not in repr(LOGIN)
    store.forget()
    assert store.login() is None
    assert last_server(tmp_path) is None
    store.forget()


def test_the_root_certificate_is_kept(tmp_path: Path) -> None:
    store = Keystore(tmp_path / "state", SERVER)
    ca = tmp_path / "ca.pem"
    ca.write_text("certificate")
    store.keep(LOGIN, ca)
    assert store.ca is not None
    assert store.ca.read_text() == "certificate"
    store.keep(LOGIN, store.ca)
    with pytest.raises(UnusableState):
        store.keep(LOGIN, tmp_path / "none.pem")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"server":"x"}'])
def test_damaged_files(tmp_path: Path, content: bytes) -> None:
    store = Keystore(tmp_path, SERVER)
    store.device()
    store.keep(LOGIN)
    for name, read in (("device.key", store.device), ("login.json", store.login)):
        path = next(tmp_path.rglob(name))
        good = path.read_bytes()
        path.write_bytes(content)
        with pytest.raises(UnusableState, match="damaged"):
            read()
        path.write_bytes(good)
        read()


def test_state_folder(tmp_path: Path) -> None:
    assert state_folder({"TOWLINE_STATE": str(tmp_path)}) == tmp_path / "viewer"
    assert state_folder({}).name == "viewer"
