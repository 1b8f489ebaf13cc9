"""What an admin set: `towline.toml` and `TOWLINE_SECTION__KEY` variables in one frozen object, read once."""

import ipaddress
import re
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_origin
from urllib.parse import urlsplit

import msgspec

from relay.addresses import is_loopback
from relay.intake import ImapUrl, ListenAt, check_address, parse_imap_url, parse_listen
from relay.mail import SmtpUrl, parse_sender, parse_smtp_url

VARIABLE_PREFIX: Final = "TOWLINE_"
FILE_NAME: Final = "towline.toml"
DATABASES: Final = ("postgresql", "postgres", "postgresql+asyncpg", "sqlite", "sqlite+aiosqlite")

Port = Annotated[int, msgspec.Meta(ge=1, le=65_535)]
Prefix = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{1,5}\Z")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Days = Annotated[int, msgspec.Meta(ge=1, le=3_650)]
# A body of a form with one file in it may have 101 MiB.
FileMegabytes = Annotated[int, msgspec.Meta(ge=1, le=100)]


class SettingsError(Exception):
    """A setting is missing or wrong; `str()` names it and says what to do."""


class Organisation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who runs this help desk."""

    name: Name = "Help desk"
    tracking_prefix: Prefix = "TL"
    language: Literal["en", "de"] = "en"


class CertificateFiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate (with its chain) and its key, as PEM files."""

    certificate: Path
    key: Path


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the server listens and what it is called from outside."""

    public_url: str
    bind: str = "127.0.0.1"
    port: Port = 8443
    allowed_origins: tuple[str, ...] = ()
    tls: Literal["private-ca", "off"] | CertificateFiles = "private-ca"
    trusted_proxies: tuple[str, ...] = ()


class Database(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the help desk keeps its records; an SQLite file in the data folder unless set."""

    url: str = ""

    def __repr__(self) -> str:
        return "Database()"


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As whom and through which server mail goes out, and how it comes in; none does while they are empty."""

    sender: str = msgspec.field(name="from", default="")
    smtp_url: str = ""
    smtp_ca: str = ""
    plus_addressing: bool = True
    addresses: tuple[str, ...] = ()
    authserv_id: str = ""
    category: Name = "Something else"
    imap_url: str = ""
    imap_folder: Name = "INBOX"
    imap_processed: str = ""
    imap_ca: str = ""
    imap_token_command: str = ""
    imap_token_file: str = ""
    smtp_listen: str = ""

    def __repr__(self) -> str:
        return f"Mail(sender={self.sender!r})"


class SessionRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What technicians may ask for in a session."""

    rights: tuple[Literal["view", "control"], ...] = ("view", "control")


class LimitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Brakes that a large or a small site may want elsewhere."""

    newcomers_per_address: Count = 32
    newcomers_in_all: Count = 1_024
    agent_offline_s: Seconds = 60.0
    mail_per_ticket: Count = 60
    mail_per_recipient: Count = 120
    mail_in_all: Count = 3_000


class Webhooks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Networks that webhooks may lead to besides public addresses, and a file with authorities to trust for it."""

    networks: tuple[str, ...] = ()
    ca: str = ""


class Tickets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a solved request can be opened again, and which files may be sent."""

    reopen_days: Days = 14
    file_mb: FileMegabytes = 25
    files_per_ticket_mb: Count = 250
    files_per_message: Annotated[int, msgspec.Meta(ge=1, le=20)] = 20


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything an admin decided. Relative paths are relative to the settings file."""

    server: Server
    organisation: Organisation = Organisation()
    database: Database = Database()
    mail: Mail = Mail()
    session: SessionRules = SessionRules()
    limits: LimitSettings = LimitSettings()
    tickets: Tickets = Tickets()
    webhooks: Webhooks = Webhooks()
    folder: Path = Path()

    @property
    def data_dir(self) -> Path:
        """Where the server keeps what it makes: database, keys, certificates."""
        return self.folder / "data"

    @property
    def ca_file(self) -> Path:
        """The private CA's root certificate, for agents, viewers and browsers."""
        return self.folder / "ca.pem"

    @property
    def origins(self) -> frozenset[str]:
        """The origins from which browsers and programs may connect."""
        return frozenset(self.server.allowed_origins or (self.server.public_url,))

    @property
    def smtp(self) -> SmtpUrl | None:
        """Where mail is handed over; None when none is sent."""
        return parse_smtp_url(self.mail.smtp_url) if self.mail.smtp_url else None

    @property
    def imap(self) -> ImapUrl | None:
        """From where mail is fetched; None when none is."""
        mail = self.mail
        with_token = bool(mail.imap_token_command or mail.imap_token_file)
        return parse_imap_url(mail.imap_url, with_token=with_token) if mail.imap_url else None

    @property
    def mail_listener(self) -> ListenAt | None:
        """Where mail may be delivered to us; None when it may not."""
        return parse_listen(self.mail.smtp_listen) if self.mail.smtp_listen else None

    @property
    def host(self) -> str:
        """The host name or address in `public_url`."""
        return urlsplit(self.server.public_url).hostname or ""


def load_settings(file: Path, environment: Mapping[str, str]) -> Settings:
    """Read the settings file and the variables over it. Raises SettingsError."""
    try:
        content = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"There is no {file}. Make one with: towline-relay init") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} can't be read: {error}") from error
    try:
        values = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not valid TOML: {error}") from error
    return make_settings(values, environment, file.absolute().parent, source=file.name)


def make_settings(
    values: dict[str, Any], environment: Mapping[str, str], folder: Path, source: str = FILE_NAME
) -> Settings:
    """Return checked settings from what a file says and the variables over it. Raises SettingsError."""
    if "folder" in values:
        raise SettingsError(f"{source}: there is no setting 'folder'.")
    merged = {name: dict(part) if isinstance(part, dict) else part for name, part in values.items()}
    _apply_variables(merged, environment)
    try:
        settings = msgspec.convert(merged, Settings, strict=True, dec_hook=_read_path)
    except msgspec.ValidationError as error:
        raise SettingsError(_explain(str(error), source)) from error
    return _check(msgspec.structs.replace(settings, folder=folder))


def _apply_variables(values: dict[str, Any], environment: Mapping[str, str]) -> None:
    sections = {field.name: field.type for field in msgspec.structs.fields(Settings) if field.name != "folder"}
    for variable, text in sorted(environment.items()):
        section, separator, key = variable.removeprefix(VARIABLE_PREFIX).lower().partition("__")
        if not variable.startswith(VARIABLE_PREFIX) or not separator:
            continue
        fields = (
            {field.encode_name: field.type for field in msgspec.structs.fields(sections[section])}
            if section in sections
            else {}
        )
        if key not in fields:
            raise SettingsError(f"The variable {variable} names no setting. See the settings page of the docs.")
        part = values.setdefault(section, {})
        if isinstance(part, dict):
            part[key] = _read_variable(variable, text, fields[key])


def _read_variable(variable: str, text: str, kind: Any) -> Any:
    if text.lstrip().startswith(("[", "{")):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{variable} is not a valid TOML value: {error}") from error
    if get_origin(kind) is tuple:
        return [item.strip() for item in text.split(",") if item.strip()]
    if kind in (Port, Count, Seconds, Days, FileMegabytes, bool):
        try:
            return msgspec.convert(text, kind, strict=False)
        except msgspec.ValidationError as error:
            raise SettingsError(f"{variable}: {error}.") from error
    return text


def _read_path(kind: type, value: object) -> Any:
    """Read what msgspec has no reader for: paths."""
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise ValueError("expected a path")


def _explain(problem: str, source: str) -> str:
    """Turn msgspec's text into one that names the setting as the file spells it."""
    what, _, where = problem.partition(" - at `$")
    path = [part for part in where.rstrip("`").split(".") if part]
    if missing := re.match(r"Object missing required field `(\w+)`", what):
        path.append(missing[1])
        what = "this setting is missing"
    elif unknown := re.match(r"Object contains unknown field `(\w+)`", what):
        path.append(unknown[1])
        what = "there is no such setting"
    match path:
        case [section] if what in ("this setting is missing", "there is no such setting"):
            return f"{source}: [{section}]: {what.replace('setting', 'section')}."
        case [section, *rest] if rest:
            return f"{source}: [{section}] {'.'.join(rest)}: {what}."
    return f"{source}: {what}."


def origin_of(url: str) -> str:
    """Return the origin of a URL as browsers spell it. Raises ValueError when it is more or less than an origin."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it has to begin with https:// and a host name")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("it has to end after the host name or port")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = 443 if parts.scheme == "https" else 80
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _check(settings: Settings) -> Settings:
    """Return the settings in canonical form. Raises SettingsError."""
    server = settings.server
    public = _canonical_origin("public_url", server.public_url)
    origins = tuple(_canonical_origin("allowed_origins", origin) for origin in server.allowed_origins)
    if server.tls == "off" and not is_loopback(server.bind):
        raise SettingsError(
            f'[server] tls = "off" is for bind = "127.0.0.1" only, not for "{server.bind}": '
            'use tls = "private-ca" or name certificate files.'
        )
    if public.startswith("http:") and (server.tls != "off" or not is_loopback(urlsplit(public).hostname or "")):
        raise SettingsError(
            '[server] public_url has to begin with https:// (http:// is for 127.0.0.1 with tls = "off").'
        )
    for proxy in server.trusted_proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            raise SettingsError(f"[server] trusted_proxies: {error}.") from error
    if not settings.session.rights:
        raise SettingsError('[session] rights: name at least "view".')
    if settings.database.url:
        check_database_url(settings.database.url)
    mail = _checked_mail(settings.mail, settings.folder)
    webhooks = _checked_webhooks(settings.webhooks, settings.folder)
    tls = server.tls
    if isinstance(tls, CertificateFiles):
        tls = CertificateFiles(settings.folder / tls.certificate, settings.folder / tls.key)
    return msgspec.structs.replace(
        settings,
        server=msgspec.structs.replace(server, public_url=public, allowed_origins=origins, tls=tls),
        mail=mail,
        webhooks=webhooks,
    )


def _checked_webhooks(webhooks: Webhooks, folder: Path) -> Webhooks:
    """Return it with its path made whole. Raises SettingsError."""
    for network in webhooks.networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise SettingsError(f"[webhooks] networks: {error}.") from error
    return msgspec.structs.replace(webhooks, ca=str(folder / webhooks.ca)) if webhooks.ca else webhooks


def check_database_url(url: str) -> None:
    """Raise SettingsError, whose text never holds the URL, for one that no database of ours can have."""
    if url.partition("://")[0] not in DATABASES:
        raise SettingsError(
            "[database] url has to begin with postgresql:// or sqlite:/// (empty: an SQLite file in the data folder)."
        )


def _checked_mail(mail: Mail, folder: Path) -> Mail:
    """Return it with its path made whole. Raises SettingsError, whose text never holds the URL."""
    if mail == Mail():
        return mail
    for name, value in (("from", mail.sender), ("smtp_url", mail.smtp_url)):
        if not value:
            raise SettingsError(f"[mail] {name} is missing: mail needs both from and smtp_url, also to come in.")
    try:
        parse_sender(mail.sender)
    except ValueError as error:
        raise SettingsError(f"[mail] from: {mail.sender!r} is not usable: {error}.") from error
    try:
        parse_smtp_url(mail.smtp_url)
    except ValueError as error:
        raise SettingsError(f"[mail] smtp_url is not usable: {error}.") from None
    mail = _checked_intake(mail, folder)
    return msgspec.structs.replace(mail, smtp_ca=str(folder / mail.smtp_ca)) if mail.smtp_ca else mail


def _checked_intake(mail: Mail, folder: Path) -> Mail:
    """Return it with its paths made whole. Raises SettingsError, whose text never holds a secret."""
    if mail.imap_token_command and mail.imap_token_file:
        raise SettingsError("[mail] Give imap_token_command or imap_token_file, not both.")
    try:
        shlex.split(mail.imap_token_command)
    except ValueError as error:
        raise SettingsError(f"[mail] imap_token_command is not usable: {error}.") from None
    with_token = bool(mail.imap_token_command or mail.imap_token_file)
    try:
        if mail.imap_url:
            parse_imap_url(mail.imap_url, with_token=with_token)
    except ValueError as error:
        raise SettingsError(f"[mail] imap_url is not usable: {error}.") from None
    try:
        if mail.smtp_listen:
            parse_listen(mail.smtp_listen)
    except ValueError as error:
        raise SettingsError(f"[mail] smtp_listen is not usable: {error}.") from error
    try:
        addresses = tuple(check_address(address) for address in mail.addresses)
    except ValueError as error:
        raise SettingsError(f"[mail] addresses: {error}.") from error
    whole = {name: str(folder / getattr(mail, name)) for name in ("imap_ca", "imap_token_file") if getattr(mail, name)}
    return msgspec.structs.replace(mail, addresses=addresses, **whole)


def _canonical_origin(name: str, url: str) -> str:
    try:
        return origin_of(url)
    except ValueError as error:
        raise SettingsError(f"[server] {name}: {url!r} is not usable: {error}.") from error
