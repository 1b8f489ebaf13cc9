"""PostgreSQL: how to connect, and what a person can do when that fails.

A writer takes an advisory lock when it begins, so that one writes at a time here too, whichever process it is in:
what is right on SQLite is right here, and no transaction is ever thrown back to be tried again (PostgreSQL
documentation, 13.3.5). Readers see one state and are never held up.
"""

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

# Version 13 is the first in which the owner of a database may switch pg_trgm on.
OLDEST: Final = 13
READERS: Final = 8
CONNECT_S: Final = 5.0
_LOCK_MS: Final = 5_000
_STATEMENT_MS: Final = 30_000
# A process that stopped in the middle of writing holds nobody up for longer.
_IDLE_MS: Final = 60_000
# Locks of this kind belong to one database; the number only has to be nobody else's.
_WRITER: Final = int.from_bytes(b"towline", "big")
_TAKE_TURNS: Final = f"SELECT pg_advisory_xact_lock({_WRITER})"


class DatabaseUnusable(SQLAlchemyError):
    """No connection, for a reason that an admin can do something about; `str()` says what, without the password."""


def postgres_engine(url: URL, *, writes: bool, wait_s: float) -> AsyncEngine:
    """Return an engine that writes, on one connection, or one that reads; nothing is connected yet."""
    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg", query={}),
        async_creator=_connecting(url, writes=writes),
        pool_size=1 if writes else READERS,
        max_overflow=0,
        pool_timeout=wait_s,
        # A server that was restarted in between costs nobody an error.
        pool_pre_ping=True,
        # Errors are logged; what people wrote is not.
        hide_parameters=True,
    )

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(_TAKE_TURNS)

    if writes:
        event.listen(engine.sync_engine, "begin", on_begin)
    return engine


def without_haste(connection: Connection) -> None:
    """Let the statements of this transaction take as long as they need."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def _connecting(url: URL, *, writes: bool) -> Callable[[], Awaitable[Any]]:
    # asyncpg reads what stands behind the question mark as libpq does: sslmode, sslrootcert, host, …
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    settings = {
        "application_name": "towline",
        "statement_timeout": str(_STATEMENT_MS),
        "lock_timeout": str(_LOCK_MS),
        "idle_in_transaction_session_timeout": str(_IDLE_MS),
        # A writer has to see what the one before it wrote; a reader sees one state.
        "default_transaction_isolation": "read committed" if writes else "repeatable read",
        "default_transaction_read_only": "off" if writes else "on",
        # Compiling costs more than our short statements do.
        "jit": "off",
    }

    async def connect() -> Any:
        try:
            made = await asyncpg.connect(dsn, timeout=CONNECT_S, server_settings=settings)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
            # Not from it: its text may hold the URL.
            raise DatabaseUnusable(_explain(error, url)) from None
        trouble = _unfit(made.get_server_version().major, made.get_settings().server_encoding)
        if trouble is not None:
            await made.close()
            raise DatabaseUnusable(trouble)
        return made

    return connect


def _unfit(version: int, encoding: str) -> str | None:
    """Return why a server that answers can't be used."""
    if version < OLDEST:
        return f"This is PostgreSQL {version}, and Towline needs {OLDEST} or newer."
    if encoding.upper() != "UTF8":
        return f"The database's encoding is {encoding}: make one with createdb --encoding UTF8 --template template0."
    return None


def _explain(error: Exception, url: URL) -> str:
    """Return what to do about a connection that was not made."""
    root = _first(url.query.get("sslrootcert"))
    if isinstance(error, FileNotFoundError) and root and not Path(root).exists():
        return f"There is no file {root}, which [database] url names as sslrootcert."
    return f"PostgreSQL at {_place(url)} {_reason(error, url.database or '', url.username or '')}"


def _reason(error: Exception, name: str, user: str) -> str:
    match error:
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            says = f"does not let {user!r} in: check user name and password in [database] url."
        case asyncpg.InvalidCatalogNameError():
            says = f"has no database {name!r}: make it with createdb --encoding UTF8 --owner {user} {name}"
        case asyncpg.InsufficientPrivilegeError():
            says = f"does not let {user!r} use the database {name!r}: make it the database's owner."
        case asyncpg.CannotConnectNowError():
            says = "is starting or stopping: try again in a moment."
        case asyncpg.TooManyConnectionsError():
            says = "has no connection left: raise max_connections, or end some."
        case ssl.SSLError():
            reason = getattr(error, "verify_message", "") or error.reason or "no common protocol"
            says = f"can't be trusted ({reason}): check sslmode and sslrootcert in [database] url."
        case TimeoutError():
            says = f"did not answer within {CONNECT_S:.0f} seconds: check address and firewall."
        case OSError():
            says = "can't be reached: is it running, and are host and port in [database] url right?"
        case _:
            says = f"refused ({type(error).__name__}): check [database] url."
    return says


def _place(url: URL) -> str:
    host = url.host or _first(url.query.get("host")) or "this machine"
    return f"{host}:{url.port or _first(url.query.get('port')) or 5432}"


def _first(value: str | tuple[str, ...] | None) -> str:
    return "" if value is None else value if isinstance(value, str) else value[0]
