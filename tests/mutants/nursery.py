"""A process that has everybody else's libraries loaded and forks a child for each run of pytest.

Starting Python and importing the libraries costs more than most of the tests themselves. Run as a script: nothing of
ours is imported before a child does it, from the copy that it is told.

A request is a line of JSON on standard input, `{"folder", "environment", "arguments"}`; the answer is one on standard
output, `{"status", "output"}`. The end of the input ends the process.
"""

import gc
import importlib
import json
import os
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

LIBRARIES: Final = (
    "aiosmtpd.lmtp",
    "aiosmtpd.smtp",
    "aiosmtplib",
    "aiosqlite",
    "alembic.command",
    "alembic.migration",
    "argon2",
    "asyncio",
    "asyncpg",
    "babel.dates",
    "babel.messages.pofile",
    "charset_normalizer",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.asymmetric.x25519",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.hazmat.primitives.kdf.hkdf",
    "cryptography.hazmat.primitives.serialization",
    "cryptography.x509",
    "email.message",
    "email_validator",
    "fastapi",
    "hypothesis",
    "hypothesis.stateful",
    "html.parser",
    "httptools",
    "httpx",
    "imapclient",
    "jinja2.sandbox",
    "markdown_it",
    "msgspec",
    "nh3",
    "numpy",
    "PIL.Image",
    "prometheus_client",
    "psutil",
    "pydantic.v1",
    "pytest",
    "pytest_asyncio.plugin",
    "pytest_timeout",
    "rich.console",
    "smtplib",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "sqlalchemy.ext.asyncio",
    "starlette.testclient",
    "structlog",
    "typer",
    "uvicorn",
    "uvloop",
    "websockets.asyncio.client",
    "websockets.asyncio.server",
    "Xlib.display",
)
LONGEST_RUN_S: Final = 800
# Behind all other tests, which measure time; alone it makes no difference.
NICE: Final = 5


def run(folder: str, environment: dict[str, str], arguments: list[str]) -> tuple[int, str]:
    """Run pytest in a child whose sources are those in `folder`; returns its status and what it wrote."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            _become(folder, environment, arguments, output.fileno())
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode(errors="replace")


def _become(folder: str, environment: dict[str, str], arguments: list[str], output: int) -> None:
    """Never returns: the child leaves through `os._exit`, as the parent's own end is not its business."""
    status = 70
    try:
        signal.alarm(LONGEST_RUN_S)
        os.setpgid(0, 0)
        with Path(os.devnull).open(encoding="utf-8") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(folder)
        os.environ.update(environment)
        sys.path[0] = folder
        pytest = importlib.import_module("pytest")
        status = int(pytest.main(arguments))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def main() -> None:
    """Answer requests until there are none."""
    sys.path[0] = ""
    os.nice(NICE)
    for name in LIBRARIES:
        # Which of them a mutant needs is its own affair.
        with suppress(ImportError):
            importlib.import_module(name)
    # Whatever the environment says: each child would compile hundreds of our files.
    sys.dont_write_bytecode = False
    # What is here stays; a child that looked for garbage in it would copy all of it.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        status, output = run(request["folder"], request["environment"], request["arguments"])
        print(json.dumps({"status": status, "output": output}), flush=True)


if __name__ == "__main__":
    main()
