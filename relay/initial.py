"""The settings file that `towline-relay init` writes."""

import json
from urllib.parse import urlsplit

from relay.addresses import is_loopback
from relay.config import SettingsError, origin_of

TEMPLATE = """\
# Settings of this Towline help desk. Every one is described in the docs, "Settings".
# A variable TOWLINE_SECTION__KEY overrides the line of the same name.

[organisation]
name = {name}

[server]
# The address that people and agents use. Changing its host name needs a new certificate.
public_url = {public_url}
bind = {bind}
port = {port}
# "private-ca": certificates of a CA of this server's own; its root is ca.pem, beside this file.
# Your own: tls = {{ certificate = "fullchain.pem", key = "privkey.pem" }}
tls = {tls}

[session]
rights = ["view", "control"]
"""


def initial_file(public_url: str, name: str) -> str:
    """Return the text of a new settings file. Raises SettingsError."""
    try:
        url = origin_of(public_url)
    except ValueError as error:
        raise SettingsError(f"--public-url {public_url!r} is not usable: {error}.") from error
    parts = urlsplit(url)
    local = is_loopback(parts.hostname or "")
    return TEMPLATE.format(
        name=json.dumps(name, ensure_ascii=False),
        public_url=json.dumps(url),
        # A server that is only for this machine needn't be reachable from others.
        bind=json.dumps("127.0.0.1" if local else "0.0.0.0"),  # noqa: S104 - a server is there to be reached
        port=parts.port or (443 if parts.scheme == "https" else 80),
        tls=json.dumps("off" if parts.scheme == "http" else "private-ca"),
    )
