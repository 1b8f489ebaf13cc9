"""A real PostgreSQL in a temporary folder: on a socket there and, with TLS, on loopback, for as long as the tests run.

PostgreSQL refuses to run as root, so for root it runs as another user, to whom the folder then belongs. A machine
without its programs fails the tests: `tools/system-packages test` installs them.
"""

import asyncio
import itertools
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg  # type: ignore[import-untyped]

from relay.certificates import CertificatePaths, ensure_server_certificate, make_authority
from tests.support.stack import free_port

T = TypeVar("T")

USER: Final = "towline"
# Debian keeps the programs of a server out of the path.
_ELSEWHERE: Final = "/usr/lib/postgresql/*/bin"
_START_S: Final = 30.0
_POLL_S: Final = 0.01
# What these would save after a loss of power is thrown away at the end anyhow.
_UNSAFE_AND_QUICK: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def postgres_program(name: str) -> str:
    """Return the path of a program of PostgreSQL's, the newest version's. Fails the test when there is none."""
    found = shutil.which(name)
    if found is not None:
        return found
    candidates = [path / name for path in Path("/").glob(_ELSEWHERE.lstrip("/")) if (path / name).exists()]
    assert candidates, f"PostgreSQL's {name} is missing: run tools/system-packages test"
    return str(max(candidates, key=lambda path: float(path.parent.parent.name)))


def other_user() -> str | None:
    """Return whom to run as: None for ourselves, unless we are root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run asynchronous work to its end in a loop of its own, whatever loop this thread has."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@dataclass(frozen=True)
class PostgresServer:
    """A running server. Its only user may do everything; over the socket without a password, over loopback with it."""

    folder: Path
    port: int
    password: str
    process: subprocess.Popen[bytes]
    # What its certificate, for localhost and 127.0.0.1, is verified by.
    ca: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    def url(self, name: str = "postgres") -> str:
        """Return the URL of a database as an admin would set it, over the socket."""
        return f"postgresql://{USER}@/{name}?host={self.folder}&port={self.port}"

    def tcp_url(self, name: str = "postgres", *, password: str | None = None, query: str = "") -> str:
        """Return the URL over loopback, with the password."""
        return f"postgresql://{USER}:{password or self.password}@127.0.0.1:{self.port}/{name}{query}"

    async def connect(self, name: str = "postgres") -> Any:
        """Open a plain connection of asyncpg's."""
        return await asyncpg.connect(self.url(name))

    async def create(self, template: str | None = None) -> str:
        """Make a database and return its name; what is in `template` is in it."""
        name = f"desk{next(self._numbers)}"
        copied = "" if template is None else f" TEMPLATE {template} STRATEGY file_copy"
        await self.execute(f"CREATE DATABASE {name}{copied}")
        return name

    async def drop(self, name: str) -> None:
        """Remove a database and throw out who is connected."""
        await self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def execute(self, statement: str) -> None:
        """Run one statement, outside of any transaction."""
        connection = await self.connect()
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def postgres_server(**settings: str) -> Iterator[PostgresServer]:
    """Run a server; `settings` are those of postgresql.conf."""
    folder = Path(tempfile.mkdtemp(prefix="towline-pg-"))
    user = other_user()
    try:
        if user is not None:
            shutil.chown(folder, user)
        password = secrets.token_urlsafe(12)
        _initialise(folder, user, password)
        paths = _certify(folder, user)
        port = free_port()
        tls = {"ssl": "on", "ssl_cert_file": str(paths.server), "ssl_key_file": str(paths.server_key)}
        process = _start(folder, user, port, {**tls, **settings})
        try:
            server = PostgresServer(folder, port, password, process, paths.root)
            _wait(server)
            yield server
        finally:
            # Fast shutdown: connections that are left are cut off.
            process.send_signal(signal.SIGINT)
            process.wait(_START_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(folder: Path, user: str | None, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password, encoding="utf-8")
    # A language's order of letters, as most real databases have and SQLite has not.
    language = ["--locale=C", "--locale-provider=icu", "--icu-locale=en-US", "--encoding=UTF8"]
    who = [f"--username={USER}", f"--pwfile={secret}", "--auth-local=trust", "--auth-host=scram-sha-256"]
    done = subprocess.run(
        [postgres_program("initdb"), f"--pgdata={folder / 'data'}", "--no-sync", *language, *who],
        user=user,
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_START_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _certify(folder: Path, user: str | None) -> CertificatePaths:
    paths, now = CertificatePaths.of(folder / "ca.pem", folder / "tls"), datetime.now(UTC)
    make_authority(paths, "localhost", "Test", now)
    ensure_server_certificate(paths, "localhost", now)
    if user is not None:
        for path in (folder / "tls", paths.server, paths.server_key):
            shutil.chown(path, user)
    return paths


def _start(folder: Path, user: str | None, port: int, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    chosen = {
        **_UNSAFE_AND_QUICK,
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(folder),
        "max_connections": "250",
        "shared_buffers": "64MB",
        "dynamic_shared_memory_type": "mmap",
        **settings,
    }
    arguments = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            # Ends with us, even if we are killed.
            ["setpriv", "--pdeathsig", "INT", postgres_program("postgres"), "-D", str(folder / "data"), *arguments],
            user=user,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _environment() -> dict[str, str]:
    """Return an environment without the settings of somebody's own PostgreSQL."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _wait(server: PostgresServer) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            run_apart(server.execute("SELECT 1"))
        except (OSError, asyncpg.CannotConnectNowError):
            ended = server.process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError((server.folder / "server.log").read_text("utf-8")) from None
            time.sleep(_POLL_S)
        else:
            return
