"""What an installation keeps, and how."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.errors import ServerChanged, StateUnusable
from agent.server import Server, parse_server
from agent.state import AgentState, state_folder
from protocol.authority import organisation_id
from protocol.encoding import pack_b64
from protocol.tracking import TrackingNumber

SERVER = parse_server("https://help.example.org:8443")
OTHER = parse_server("https://other.example.org")
TRACKING = TrackingNumber("TL-0000-0000")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a" / "state"


@pytest.fixture
def state(folder: Path) -> AgentState:
    return AgentState(folder)


def organisation(key: Ed25519PrivateKey | None = None) -> dict[str, str]:
    public = (key or Ed25519PrivateKey.generate()).public_key()
    return {
        "organisation": pack_b64(organisation_id(public)),
        "public_key": pack_b64(public.public_bytes_raw()),
        "name": "Harbour IT",
    }


def modes(folder: Path) -> set[tuple[bool, int]]:
    return {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in (folder, *folder.rglob("*"))}


def test_the_key_is_made_once(state: AgentState, folder: Path) -> None:
    key = state.agent_key().private_bytes_raw()
    assert state.agent_key().private_bytes_raw() == key
    assert AgentState(folder).agent_key().private_bytes_raw() == key


def test_only_the_owner_can_read_any_of_it(state: AgentState, folder: Path) -> None:
    state.agent_key()
    state.pin(SERVER, **organisation())
    state.keep_ticket(SERVER, TRACKING, requester_token="secret")
    assert modes(folder) == {(True, 0o700), (False, 0o600)}


def test_a_key_that_others_could_read_is_closed_to_them(state: AgentState, folder: Path) -> None:
    state.agent_key()
    (folder / "agent.key").chmod(0o644)
    state.agent_key()
    assert modes(folder) == {(True, 0o700), (False, 0o600)}


def test_a_damaged_key_is_named(state: AgentState, folder: Path) -> None:
    state.agent_key()
    (folder / "agent.key").write_text("rubbish")
    with pytest.raises(StateUnusable, match=r"agent\.key is damaged"):
        state.agent_key()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateUnusable, match="TOWLINE_STATE"):
        AgentState(tmp_path / "file").agent_key()


def test_first_contact_pins_and_the_same_again_is_fine(state: AgentState) -> None:
    assert state.pinned(SERVER) is None
    shown = organisation()
    pinned = state.pin(SERVER, **shown)
    assert state.pin(SERVER, **shown) == pinned == state.pinned(SERVER)
    assert state.pinned(OTHER) is None


def test_another_organisation_at_the_same_server_is_refused_and_at_another_server_is_fine(state: AgentState) -> None:
    state.pin(SERVER, **organisation())
    with pytest.raises(ServerChanged, match="another organisation key"):
        state.pin(SERVER, **organisation())
    state.pin(OTHER, **organisation())


def test_a_key_that_does_not_belong_to_its_id_is_refused(state: AgentState) -> None:
    shown = organisation()
    for change in ({"public_key": organisation()["public_key"]}, {"public_key": "?"}, {"organisation": "x" * 43}):
        with pytest.raises(ServerChanged):
            state.pin(SERVER, **{**shown, **change})
    state.pin(SERVER, **shown)


def test_marks_never_go_back(state: AgentState) -> None:
    state.remember_signed(SERVER, newest_signed=5, revocation_sequence=5)
    assert state.pinned(SERVER) is None
    state.pin(SERVER, **organisation())
    state.remember_signed(SERVER, newest_signed=100, revocation_sequence=7)
    state.remember_signed(SERVER, newest_signed=50, revocation_sequence=9)
    pinned = state.pinned(SERVER)
    assert pinned is not None
    trust = pinned.trust(60)
    assert (trust.newest_signed, trust.revocation_sequence, trust.now) == (100, 9, 100)


def test_what_is_kept_of_a_request(state: AgentState) -> None:
    assert state.ticket(SERVER, TRACKING).requester_token == ""
    state.keep_ticket(SERVER, TRACKING, requester_token="r", title="Printer")
    state.keep_ticket(SERVER, TRACKING, agent_token="a")
    known = state.ticket(SERVER, TRACKING)
    assert (known.requester_token, known.agent_token, known.title) == ("r", "a", "Printer")
    assert "r" not in repr(known).replace("Printer", "").replace("TicketSecrets", "").replace("title", "")
    state.forget_agent_token(SERVER, TRACKING)
    assert state.ticket(SERVER, TRACKING).agent_token == ""
    assert state.ticket(OTHER, TRACKING).requester_token == ""


def test_the_server_of_a_known_request_is_found_when_there_is_one(state: AgentState) -> None:
    assert state.server_of(TRACKING) == ""
    state.keep_ticket(SERVER, TRACKING, requester_token="r")
    assert state.server_of(TRACKING) == SERVER.origin
    state.keep_ticket(OTHER, TRACKING, requester_token="r")
    assert state.server_of(TRACKING) == ""


def test_a_damaged_file_is_named_and_a_whole_one_replaces_it(state: AgentState, folder: Path) -> None:
    state.keep_ticket(SERVER, TRACKING, requester_token="r")
    path = next(folder.rglob("TL-*.json"))
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(StateUnusable, match="damaged"):
        state.ticket(SERVER, TRACKING)
    path.unlink()
    state.keep_ticket(SERVER, TRACKING, requester_token="r")
    assert [found.name for found in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("host", ["..", "a/../../b", "[::1]:8443", "ä.example"])
def test_no_server_name_leaves_the_folder(state: AgentState, folder: Path, host: str) -> None:
    state.keep_ticket(Server("https", host, host), TRACKING, requester_token="r")
    assert len(list((folder / "servers").iterdir())) == 1
    assert {path.parent for path in folder.rglob("TL-*.json")} == {next((folder / "servers").iterdir()) / "tickets"}


def test_the_place_of_the_folder(tmp_path: Path) -> None:
    assert state_folder({"TOWLINE_STATE": str(tmp_path)}) == tmp_path / "agent"
    assert state_folder({}).name == "agent"
