"""A real Dovecot in a temporary folder: IMAP with and without TLS, and LMTP, on free ports of loopback.

It runs as one user who may do nothing else, with a configuration of its own, and stops by its process id. Every user
name with the password is let in and has a mailbox of its own; so is every one with a token (`DovecotServer.token`).
"""

import base64
import grp
import hashlib
import hmac
import imaplib
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import smtplib
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from relay.certificates import CertificatePaths, ensure_server_certificate, make_authority
from tests.support.postgres import other_user
from tests.support.stack import free_port

USER: Final = "help@office.example"
ISSUER: Final = "https://login.office.example"
_START_S: Final = 20.0
_POLL_S: Final = 0.01
_ELSEWHERE: Final = "/usr/sbin:/sbin:/usr/local/sbin"

_CONFIGURATION: Final = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_username_format = %Lu
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%u
mail_home = {folder}/home/%u
mail_fsync = never
first_valid_uid = 1
first_valid_gid = 1
imap_idle_notify_interval = 1s
mail_plugin_dir = /nonexistent
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""

# The token is verified here, by a key that both sides have, so that no other server has to be asked.
_OAUTH2: Final = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
issuers = {issuer}
username_attribute = email
"""


def dovecot_program() -> str:
    """Return Dovecot's path. Fails the test when there is none."""
    found = shutil.which("dovecot", path=f"{os.environ.get('PATH', os.defpath)}:{_ELSEWHERE}")
    assert found is not None, "dovecot is missing: run tools/system-packages test"
    return found


@dataclass(frozen=True)
class DovecotServer:
    """A running server; `ca` is what its certificate (for localhost and 127.0.0.1) is verified by."""

    folder: Path
    imap: int
    imaps: int
    lmtp: int
    password: str
    ca: Path
    process: subprocess.Popen[bytes]
    signing_key: bytes

    def tls(self) -> ssl.SSLContext:
        """Return what trusts this server."""
        return ssl.create_default_context(cafile=str(self.ca))

    def token(self, user: str = USER, *, lasts_s: int = 3_600) -> str:
        """Return an OAuth2 access token (a JWT, RFC 9068) that lets `user` in by XOAUTH2 or OAUTHBEARER."""
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": user, "email": user, "iat": now - 10, "nbf": now - 10, "exp": now + lasts_s}
        head = {"typ": "JWT", "alg": "HS256", "kid": "default"}
        signed = b".".join(_b64(json.dumps(part).encode()) for part in (head, claims))
        return b".".join((signed, _b64(hmac.digest(self.signing_key, signed, hashlib.sha256)))).decode()

    @contextmanager
    def mailbox(self, user: str = USER) -> Iterator[imaplib.IMAP4]:
        """Log in over IMAP without TLS, for the tests' own looking and putting."""
        with imaplib.IMAP4("127.0.0.1", self.imap, timeout=_START_S) as connection:
            connection.login(user, self.password)
            yield connection

    def deliver(self, raw: bytes, *recipients: str, sender: str = "maria@office.example") -> None:
        """Hand a mail over by LMTP, as a mail server does: it arrives in INBOX."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as connection:
            connection.sendmail(sender, recipients or (USER,), raw)

    def append(self, raw: bytes, *, user: str = USER, folder: str = "INBOX", flags: str = "") -> None:
        """Put a mail into a folder as it is, byte for byte."""
        with self.mailbox(user) as connection:
            at = imaplib.Time2Internaldate(datetime.now(UTC))
            _ok(connection.append(folder, flags, at, raw))

    def create(self, folder: str, *, user: str = USER) -> None:
        """Make a folder."""
        with self.mailbox(user) as connection:
            _ok(connection.create(folder))

    def folders(self, *, user: str = USER) -> list[str]:
        """List the folders, sorted."""
        with self.mailbox(user) as connection:
            lines = [line for line in _ok(connection.list()) if isinstance(line, bytes)]
        return sorted(line.decode().rpartition(' "/" ')[2].strip('"') for line in lines)

    def flags(self, *, user: str = USER, folder: str = "INBOX") -> dict[int, set[str]]:
        """Return the flags of each mail in a folder by its UID."""
        with self.mailbox(user) as connection:
            _ok(connection.select(folder, readonly=True))
            lines = _ok(connection.uid("FETCH", "1:*", "(FLAGS)"))
        found = {}
        for line in lines:
            if isinstance(line, bytes) and (matched := re.search(rb"UID (\d+)", line)):
                found[int(matched[1])] = {flag.decode() for flag in imaplib.ParseFlags(line)}
        return found

    def mails(self, *, user: str = USER, folder: str = "INBOX") -> dict[int, bytes]:
        """Return each mail in a folder by its UID, without marking any as seen."""
        with self.mailbox(user) as connection:
            _ok(connection.select(folder, readonly=True))
            parts = _ok(connection.uid("FETCH", "1:*", "(UID BODY.PEEK[])"))
        found = {}
        for part in parts:
            if isinstance(part, tuple) and (matched := re.search(rb"UID (\d+)", part[0])):
                found[int(matched[1])] = part[1]
        return found

    def uid_validity(self, *, user: str = USER, folder: str = "INBOX") -> int:
        """Return the folder's UIDVALIDITY."""
        with self.mailbox(user) as connection:
            (line,) = _ok(connection.status(folder, "(UIDVALIDITY)"))
        matched = re.search(rb"UIDVALIDITY (\d+)", line) if isinstance(line, bytes) else None
        assert matched is not None
        return int(matched[1])

    def forget_uids(self, *, user: str = USER) -> None:
        """Number the mails of INBOX anew under another UIDVALIDITY, as happens when a mailbox is restored."""
        for name in ("dovecot-uidlist", "dovecot.index", "dovecot.index.log", "dovecot.index.cache"):
            (self.folder / "mail" / user / name).unlink(missing_ok=True)

    def log(self) -> str:
        """Return what the server said."""
        return (self.folder / "log").read_text("utf-8", errors="replace")


@contextmanager
def dovecot_server() -> Iterator[DovecotServer]:
    """Run a server."""
    folder = Path(tempfile.mkdtemp(prefix="towline-imap-"))
    try:
        server = _start(folder)
        try:
            _wait(server)
            yield server
        finally:
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(_START_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> DovecotServer:
    user = other_user()
    paths = CertificatePaths.of(folder / "ca.pem", folder / "tls")
    now = datetime.now(UTC)
    make_authority(paths, "localhost", "Test", now)
    ensure_server_certificate(paths, "localhost", now)
    password, signing_key = secrets.token_urlsafe(12), secrets.token_bytes(32)
    imap, imaps, lmtp = free_port(), free_port(), free_port()
    for name in ("run", "state", "mail", "home", "keys/default/HS256"):
        (folder / name).mkdir(parents=True)
    (folder / "keys/default/HS256/default").write_text(base64.b64encode(signing_key).decode(), "ascii")
    (folder / "oauth2.conf").write_text(_OAUTH2.format(folder=folder, issuer=ISSUER), "utf-8")
    name, group = _who(user)
    written = _CONFIGURATION.format(
        folder=folder,
        user=name,
        group=group,
        password=password,
        certificate=paths.server,
        key=paths.server_key,
        imap=imap,
        imaps=imaps,
        lmtp=lmtp,
    )
    (folder / "dovecot.conf").write_text(written, "utf-8")
    (folder / "log").touch()
    if user is not None:
        _hand_over(folder, user, group)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            # Ends with us, even if we are killed.
            ["setpriv", "--pdeathsig", "TERM", dovecot_program(), "-F", "-c", str(folder / "dovecot.conf")],
            user=user,
            group=None if user is None else group,
            extra_groups=None if user is None else [],
            cwd=folder,
            env={"PATH": os.environ.get("PATH", os.defpath)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    return DovecotServer(folder, imap, imaps, lmtp, password, folder / "ca.pem", process, signing_key)


def _who(user: str | None) -> tuple[str, str]:
    """Return the names of the user and the group to run as."""
    entry = pwd.getpwuid(os.geteuid()) if user is None else pwd.getpwnam(user)
    return entry.pw_name, grp.getgrgid(entry.pw_gid).gr_name


def _hand_over(folder: Path, user: str, group: str) -> None:
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, user, group)


def _wait(server: DovecotServer) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            with server.mailbox():
                return
        except (OSError, imaplib.IMAP4.error):
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(server.log()) from None
            time.sleep(_POLL_S)


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    """Return what an IMAP command brought, and fail the test when it was refused."""
    status, found = answer
    assert status == "OK", found
    return found
