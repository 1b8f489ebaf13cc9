"""What a technician's program keeps: the device's X25519 key and one login for each server, for nobody else to read.

    <state>/viewer/server               the server of the newest login
    <state>/viewer/<host>_<port>/       device.key, login.json, ca.pem

`TOWLINE_STATE` names another folder than the system's own place for such files.
"""

import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from platformdirs import user_state_path

from protocol.encoding import pack_b64, parse_b64
from technician_viewer.errors import UnusableState
from technician_viewer.transport import Server

_KEY_BYTES: Final = 32
_MAX_FILE_BYTES: Final = 1 << 20


class Login(msgspec.Struct, frozen=True):
    """A login at one server: whose, its API token, the organisation it pinned, the device's certificate in b64."""

    server: str
    email: str
    token: str
    name: str
    organisation: str
    organisation_name: str
    certificate: str
    certificate_not_after: str

    def __repr__(self) -> str:
        return f"Login(server={self.server!r}, email={self.email!r})"


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for this program's files."""
    given = environ.get("TOWLINE_STATE")
    return (Path(given) if given else user_state_path("towline", appauthor=False)) / "viewer"


def _cannot(path: Path, error: OSError, what: str) -> UnusableState:
    return UnusableState(f"{path} can't be {what} ({error.strerror}). Check the folder, or set TOWLINE_STATE.", "state")


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all. Raises UnusableState."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot(path, error, "written") from error


def read_private(path: Path) -> bytes | None:
    """Return a file's bytes, None when there is none. Raises UnusableState when others could have read it."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(_MAX_FILE_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _cannot(path, error, "read") from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UnusableState(
            f"Others can read {path}, so it may no longer be secret. Remove it and run `towline-viewer login`.",
            "state",
        )
    return data


class Keystore:
    """The files for one server below `folder`."""

    def __init__(self, folder: Path, server: Server) -> None:
        self._root = folder
        port = server.port or (443 if server.secure else 80)
        self._folder = folder / f"{server.host.replace(':', '-')}_{port}"
        self._server = server

    @property
    def ca(self) -> Path | None:
        """The server's own root certificate as kept at login, or None."""
        path = self._folder / "ca.pem"
        return path if path.is_file() else None

    def device(self) -> X25519PrivateKey:
        """Return this device's key for the server, made when there is none."""
        path = self._folder / "device.key"
        kept = read_private(path)
        if kept is None:
            key = X25519PrivateKey.generate()
            write_private(path, pack_b64(key.private_bytes_raw()).encode())
            return key
        try:
            return X25519PrivateKey.from_private_bytes(parse_b64(kept.decode("ascii").strip(), _KEY_BYTES))
        except ValueError as error:
            raise UnusableState(
                f"{path} is damaged. Remove it and run `towline-viewer login` again.", "state"
            ) from error

    def login(self) -> Login | None:
        """Return the login kept for the server, None when there is none."""
        path = self._folder / "login.json"
        kept = read_private(path)
        if kept is None:
            return None
        try:
            login = msgspec.json.decode(kept, type=Login)
            parse_b64(login.organisation, _KEY_BYTES)
        except (msgspec.MsgspecError, ValueError) as error:
            raise UnusableState(
                f"{path} is damaged. Remove it and run `towline-viewer login` again.", "state"
            ) from error
        return login

    def keep(self, login: Login, ca: Path | None = None) -> None:
        """Keep a login, and the root certificate it was made with; the server becomes the one meant by default."""
        if ca is not None and ca != self.ca:
            try:
                write_private(self._folder / "ca.pem", ca.read_bytes())
            except OSError as error:
                raise _cannot(ca, error, "read") from error
        write_private(self._folder / "login.json", msgspec.json.format(msgspec.json.encode(login), indent=2))
        write_private(self._root / "server", login.server.encode())

    def forget(self) -> None:
        """Remove everything kept for the server, the device's key included."""
        try:
            if self._folder.is_dir():
                shutil.rmtree(self._folder)
            if last_server(self._root) == self._server.origin:
                (self._root / "server").unlink(missing_ok=True)
        except OSError as error:
            raise _cannot(self._folder, error, "removed") from error


def last_server(folder: Path) -> str | None:
    """Return the server of the newest login, None when there is none."""
    kept = read_private(folder / "server")
    return None if kept is None else kept.decode("utf-8", "replace").strip() or None
