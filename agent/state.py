"""What an installation keeps: its key, the secrets of its requests, and whom it trusts.

One folder, readable by its owner only: `agent.key`, and for each server `organisation.json` (pinned key, highest
revocation sequence, newest signed time) and `tickets/{tracking}.json`. Files are replaced as a whole, so that a crash
leaves the old one.
"""

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from platformdirs import user_state_path

from agent.errors import ServerChanged, StateUnusable
from agent.server import Server
from protocol.authority import Trust
from protocol.encoding import pack_b64, parse_b64
from protocol.tracking import TrackingNumber

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
VARIABLE: Final = "TOWLINE_STATE"

_T = TypeVar("_T")


class Pinned(msgspec.Struct, frozen=True):
    """The organisation behind a server, as first seen; keys and ids in b64."""

    id: str
    public_key: str
    name: str
    newest_signed: int = 0
    revocation_sequence: int = 0

    def trust(self, server_time: int) -> Trust:
        """Return what papers are checked against."""
        return Trust(
            organisation_key=Ed25519PublicKey.from_public_bytes(parse_b64(self.public_key, 32)),
            server_time=server_time,
            newest_signed=self.newest_signed,
            revocation_sequence=self.revocation_sequence,
        )


class TicketSecrets(msgspec.Struct, frozen=True):
    """What opens one request again; empty where there is none."""

    server: str = ""
    requester_token: str = ""
    agent_token: str = ""
    title: str = ""

    def __repr__(self) -> str:
        return f"TicketSecrets(title={self.title!r})"


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where this person's installation keeps its state: TOWLINE_STATE, or the usual place of the system."""
    named = environ.get(VARIABLE)
    return (Path(named) if named else user_state_path("towline", appauthor=False)) / "agent"


class AgentState:
    """The folder of one installation. Raises StateUnusable."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def agent_key(self) -> X25519PrivateKey:
        """Return this installation's key; made at first use."""
        path = self._folder / "agent.key"
        with self._usable(path):
            if not path.exists():
                text = pack_b64(X25519PrivateKey.generate().private_bytes_raw())
                self._make_folder(self._folder)
                # Two programs may start at once; the one that comes second takes the first one's key.
                with contextlib.suppress(FileExistsError):
                    _write_new(path, text.encode() + b"\n")
            self._tighten(path)
            return X25519PrivateKey.from_private_bytes(parse_b64(path.read_text().strip(), 32))

    # --- servers

    def pinned(self, server: Server) -> Pinned | None:
        """Return the organisation pinned for this server, or None before the first contact."""
        return self._read(self._server_folder(server) / "organisation.json", Pinned)

    def pin(self, server: Server, *, organisation: str, public_key: str, name: str) -> Pinned:
        """Pin the organisation at first contact, and return what is pinned.

        Raises ServerChanged when another one was pinned before, or when id and key do not belong together.
        """
        try:
            genuine = pack_b64(hashlib.sha256(parse_b64(public_key, 32)).digest()) == organisation
        except ValueError:
            genuine = False
        if not genuine:
            raise ServerChanged(f"{server.origin} shows a wrong organisation key. Ask your administrator.")
        known = self.pinned(server)
        if known is None:
            known = Pinned(organisation, public_key, name)
            self._write(self._server_folder(server) / "organisation.json", known)
        elif (known.id, known.public_key) != (organisation, public_key):
            raise ServerChanged(
                f"{server.origin} shows another organisation key than before. Someone may be between you and the "
                "server, or the administrator made a new key. Ask them by phone. If they did, remove "
                f"{self._server_folder(server) / 'organisation.json'} and try again."
            )
        return known

    def remember_signed(self, server: Server, *, newest_signed: int, revocation_sequence: int) -> None:
        """Raise the marks below which papers are too old; they never go back."""
        known = self.pinned(server)
        if known is None:
            return
        raised = msgspec.structs.replace(
            known,
            newest_signed=max(known.newest_signed, newest_signed),
            revocation_sequence=max(known.revocation_sequence, revocation_sequence),
        )
        if raised != known:
            self._write(self._server_folder(server) / "organisation.json", raised)

    # --- tickets

    def ticket(self, server: Server, tracking: TrackingNumber) -> TicketSecrets:
        """Return what is known of a request; empty when nothing is."""
        return self._read(self._ticket_path(server, tracking), TicketSecrets) or TicketSecrets()

    def keep_ticket(
        self,
        server: Server,
        tracking: TrackingNumber,
        *,
        requester_token: str = "",
        agent_token: str = "",
        title: str = "",
    ) -> None:
        """Keep what is given; what is empty stays as it was."""
        known = self.ticket(server, tracking)
        self._write(
            self._ticket_path(server, tracking),
            TicketSecrets(
                server.origin,
                requester_token or known.requester_token,
                agent_token or known.agent_token,
                title or known.title,
            ),
        )

    def server_of(self, tracking: TrackingNumber) -> str:
        """Return the origin of the one server at which this request is known; empty when there is none or more."""
        found = []
        for path in sorted(self._folder.glob(f"servers/*/tickets/{tracking}.json")):
            known = self._read(path, TicketSecrets)
            if known is not None and known.server:
                found.append(known.server)
        return found[0] if len(found) == 1 else ""

    def forget_agent_token(self, server: Server, tracking: TrackingNumber) -> None:
        """The server does not take it any more."""
        known = self.ticket(server, tracking)
        if known.agent_token:
            self._write(self._ticket_path(server, tracking), msgspec.structs.replace(known, agent_token=""))

    # --- files

    def _server_folder(self, server: Server) -> Path:
        name = re.sub(r"[^A-Za-z0-9.-]", "_", f"{server.scheme}_{server.netloc}").lstrip(".")
        return self._folder / "servers" / name

    def _ticket_path(self, server: Server, tracking: TrackingNumber) -> Path:
        return self._server_folder(server) / "tickets" / f"{tracking}.json"

    def _read(self, path: Path, kind: type[_T]) -> _T | None:
        with self._usable(path):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                return None
            return msgspec.json.decode(data, type=kind)

    def _write(self, path: Path, value: msgspec.Struct) -> None:
        with self._usable(path):
            self._make_folder(path.parent)
            spare = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
            try:
                _write_new(spare, msgspec.json.encode(value) + b"\n")
                spare.replace(path)
            except OSError:
                spare.unlink(missing_ok=True)
                raise
            _sync_folder(path.parent)

    def _make_folder(self, folder: Path) -> None:
        for part in (*reversed(folder.parents), folder):
            if part == self._folder or self._folder in part.parents:
                part.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
                part.chmod(FOLDER_MODE)

    @staticmethod
    def _tighten(path: Path) -> None:
        if path.stat().st_mode & 0o077:
            path.chmod(FILE_MODE)

    @contextlib.contextmanager
    def _usable(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StateUnusable(
                f"{path} cannot be used: {error.strerror}. Check that the folder is yours and the disk not full, or "
                f"name another folder with {VARIABLE}."
            ) from error
        except (msgspec.MsgspecError, ValueError) as error:
            raise StateUnusable(f"{path} is damaged. Remove it and join again.") from error


def _write_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet, readable by its owner only, and wait for the disk."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
