"""The private CA: made once, renewed in time, good for this server only."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from relay.certificates import (
    CertificateError,
    CertificatePaths,
    end_of,
    ensure_server_certificate,
    make_authority,
    utc_now,
)

NOW = utc_now()
HOST = "desk.example"


@pytest.fixture
def paths(tmp_path: Path) -> CertificatePaths:
    made = CertificatePaths.of(tmp_path / "ca.pem", tmp_path / "tls")
    make_authority(made, HOST, "Test desk", NOW)
    assert ensure_server_certificate(made, HOST, NOW)
    return made


def test_certificate_is_renewed_only_when_it_has_to_be(paths: CertificatePaths) -> None:
    end = end_of(paths.server)
    assert timedelta(days=390) < end - NOW <= timedelta(days=397)
    assert not ensure_server_certificate(paths, HOST, NOW)
    assert not ensure_server_certificate(paths, HOST, end - timedelta(days=31))
    assert ensure_server_certificate(paths, HOST, end - timedelta(days=29))
    assert end_of(paths.server) > end
    paths.server_key.unlink()
    assert ensure_server_certificate(paths, HOST, NOW)


def test_root_may_sign_for_this_server_only(paths: CertificatePaths) -> None:
    root = x509.load_pem_x509_certificate(paths.root.read_bytes())
    names = root.extensions.get_extension_for_class(x509.NameConstraints)
    assert names.critical
    assert x509.DNSName(HOST) in (names.value.permitted_subtrees or ())
    assert end_of(paths.root) - NOW >= timedelta(days=3649)
    assert paths.root_key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CertificateError, match=r"is not for other\.example"):
        ensure_server_certificate(paths, "other.example", NOW)


def test_server_is_found_by_name_and_on_its_own_machine(paths: CertificatePaths) -> None:
    certificate = x509.load_pem_x509_certificate(paths.server.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST, "localhost"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_nothing_is_overwritten_or_mixed_up(paths: CertificatePaths, tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="already"):
        make_authority(paths, HOST, "Test desk", NOW)
    other = CertificatePaths.of(tmp_path / "other.pem", tmp_path / "other")
    make_authority(other, HOST, "Test desk", NOW)
    with pytest.raises(CertificateError, match="do not belong together"):
        ensure_server_certificate(replace(paths, root_key=other.root_key), HOST, NOW)
    with pytest.raises(CertificateError, match="ends on"):
        ensure_server_certificate(paths, HOST, NOW + timedelta(days=3640))
    paths.root_key.write_text("no key", encoding="ascii")
    with pytest.raises(CertificateError, match="can't be read"):
        ensure_server_certificate(paths, HOST, NOW)
