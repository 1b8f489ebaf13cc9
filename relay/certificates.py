"""A certification authority of the server's own, for machines that no public one can reach.

`ca.pem` goes to agents, viewers and the technicians' browsers. Its key can sign for this server's name and for
loopback only (name constraints, RFC 5280 section 4.2.1.10): who steals it can't pose as anybody else.
"""

import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT_LIFE: Final = timedelta(days=3650)
# Browsers refuse longer ones.
SERVER_LIFE: Final = timedelta(days=397)
RENEW_BEFORE: Final = timedelta(days=30)
# Clocks of other machines may be behind.
SLACK: Final = timedelta(hours=1)
LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")


class CertificateError(Exception):
    """The certification authority can't be used; `str()` says what to do."""


@dataclass(frozen=True, slots=True)
class CertificatePaths:
    """Where the certification authority lives. `root` is public, keys have mode 0600."""

    root: Path
    root_key: Path
    server: Path
    server_key: Path

    @classmethod
    def of(cls, root: Path, folder: Path) -> "CertificatePaths":
        """Return the usual places: the root where the admin finds it, the rest in a folder."""
        return cls(root, folder / "ca.key", folder / "server.pem", folder / "server.key")


def make_authority(paths: CertificatePaths, host: str, organisation: str, at: datetime) -> None:
    """Write a new root certificate and its key. Raises CertificateError when there is one already, OSError."""
    if paths.root.exists() or paths.root_key.exists():
        raise CertificateError(f"There is a certification authority already: {paths.root}")
    for folder in {paths.root.parent, paths.root_key.parent}:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Towline private CA for {host}"[:64]),
        ]
    )
    names = [_general_name(each, network=True) for each in dict.fromkeys((host, *LOCAL_NAMES))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - SLACK)
        .not_valid_after(at + ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=names, excluded_subtrees=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_secret(paths.root_key, _pem_of_key(key))
    write_public(paths.root, certificate.public_bytes(serialization.Encoding.PEM))


def ensure_server_certificate(paths: CertificatePaths, host: str, at: datetime) -> bool:
    """Make or renew the server's certificate if it is missing, ends soon or names another host; True when it did.

    Without a certification authority, call `make_authority` first.

    Raises CertificateError, OSError.
    """
    root, root_key = _load_authority(paths)
    if at > root.not_valid_after_utc - RENEW_BEFORE:
        raise CertificateError(
            f"The private CA ends on {root.not_valid_after_utc:%Y-%m-%d}: remove {paths.root} and {paths.root_key}; "
            "a new one is made at the next start. Hand out the new ca.pem."
        )
    if _is_good(paths, root, host, at):
        return False
    constraints = root.extensions.get_extension_for_class(x509.NameConstraints).value
    if _general_name(host, network=True) not in (constraints.permitted_subtrees or ()):
        raise CertificateError(
            f"The private CA in {paths.root} is not for {host}: set public_url back, or remove {paths.root} and "
            f"{paths.root_key}; a new one is made at the next start. Hand out the new ca.pem."
        )
    key = ec.generate_private_key(ec.SECP256R1())
    names = [_general_name(each) for each in dict.fromkeys((host, *LOCAL_NAMES))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]))
        .issuer_name(root.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - SLACK)
        .not_valid_after(min(at - SLACK + SERVER_LIFE, root.not_valid_after_utc))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    write_secret(paths.server_key, _pem_of_key(key))
    write_public(paths.server, certificate.public_bytes(serialization.Encoding.PEM))
    return True


def end_of(certificate: Path) -> datetime:
    """Return when the first certificate of a PEM file ends. Raises CertificateError."""
    return _load_certificate(certificate).not_valid_after_utc


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all. Raises OSError."""
    _write(path, data, 0o600)


def write_public(path: Path, data: bytes) -> None:
    """Write a file for everybody, whole or not at all. Raises OSError."""
    _write(path, data, 0o644)


def _write(path: Path, data: bytes, mode: int) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _general_name(host: str, *, network: bool = False) -> x509.GeneralName:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return x509.DNSName(host)
    return x509.IPAddress(ipaddress.ip_network(address) if network else address)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem_of_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        raise CertificateError(f"There is no certificate {path}. Make one with: towline-relay init") from None
    except (OSError, ValueError) as error:
        raise CertificateError(f"The certificate {path} can't be read: {error}") from error


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        raise CertificateError(f"There is no key {path}. Restore it from a backup.") from None
    except (OSError, ValueError, TypeError):
        raise CertificateError(f"The key {path} can't be read.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CertificateError(f"The key {path} is of another kind than the ones made here.")
    return key


def _load_authority(paths: CertificatePaths) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    root, key = _load_certificate(paths.root), _load_key(paths.root_key)
    if root.public_key() != key.public_key():
        raise CertificateError(f"{paths.root} and {paths.root_key} do not belong together. Restore them from a backup.")
    return root, key


def _is_good(paths: CertificatePaths, root: x509.Certificate, host: str, at: datetime) -> bool:
    """Whether the server's certificate is there and can be used for a while."""
    try:
        certificate, key = _load_certificate(paths.server), _load_key(paths.server_key)
    except CertificateError:
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return (
        certificate.public_key() == key.public_key()
        and certificate.issuer == root.subject
        and certificate.not_valid_before_utc <= at < certificate.not_valid_after_utc - RENEW_BEFORE
        and _general_name(host) in names
    )


def utc_now() -> datetime:
    """Return the time of day, aware and in UTC."""
    return datetime.now(UTC)
