"""What the redactor takes out, and what it leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.domain.redaction import Kind, redact

PEOPLE = ("Maria Weber", "maria.weber@office.example", "Bo Li", "Ada Lovelace")


@pytest.mark.parametrize(
    ("text", "found", "kind"),
    [
        ("password: hunter2", "hunter2", Kind.SECRET),
        ("Das Passwort lautet Sommer2026!", "Sommer2026", Kind.SECRET),
        ("Kennwort = geheim", "geheim", Kind.SECRET),
        ("API key: abc", "abc", Kind.SECRET),
        ("run tool --password s3same now", "s3same", Kind.SECRET),
        ("Authorization: Bearer abcdefghijkl1234", "abcdefghijkl1234", Kind.SECRET),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.sig used", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.sig", Kind.SECRET),
        ("111111-222222-333333-444444-555555-666666-777777-888888", None, Kind.SECRET),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", None, Kind.SECRET),
        ("ftp://bob:pw@files.example.org/x", None, Kind.URL),
        ("see https://a.example.org/x?token=abc123 there", "https://a.example.org/x?token=abc123", Kind.URL),
        ("https://help.example.org/t/TL-AAAA-BBBB#abcdefghijklmnopq", None, Kind.URL),
        ("write to someone+x@firm.example.org.", "someone+x@firm.example.org", Kind.EMAIL),
        ("card 00:1A:2b:3c:4D:5e here", "00:1A:2b:3c:4D:5e", Kind.MAC),
        ("card 001a.2b3c.4d5e here", "001a.2b3c.4d5e", Kind.MAC),
        ("at 192.168.7.23.", "192.168.7.23", Kind.ADDRESS),
        ("net 10.1.0.0/16 here", "10.1.0.0/16", Kind.ADDRESS),
        ("at fe80::1ff:fe23:4567:890a%eth0 here", "fe80::1ff:fe23:4567:890a%eth0", Kind.ADDRESS),
        ("at 2001:db8::7 here", "2001:db8::7", Kind.ADDRESS),
        (r"open \\filer\finance", "filer", Kind.HOST),
        ("on DESKTOP-4K2J9X1 it fails", "DESKTOP-4K2J9X1", Kind.HOST),
        ("srv-db01 is down", "srv-db01", Kind.HOST),
        ("reach intranet.firm.local", "intranet.firm.local", Kind.HOST),
        ("ask mail.office.example for it", "mail.office.example", Kind.HOST),
        ("ask mx1.firma.de for it", "mx1.firma.de", Kind.HOST),
        ("Hostname: blackbox", "blackbox", Kind.HOST),
        ("Serial number: 5CD1234XYZ", "5CD1234XYZ", Kind.NUMBER),
        ("Seriennummer 5CD1234XYZ", "5CD1234XYZ", Kind.NUMBER),
        ("asset tag A-00417", "A-00417", Kind.NUMBER),
        ("VK7JG-NPHTM-C97JM-9MPGT-3V66T", None, Kind.NUMBER),
        ("DE89 3704 0044 0532 0130 00", None, Kind.NUMBER),
        ("4111 1111 1111 1111", None, Kind.NUMBER),
        ("like TL-7K3Q-M9XD before", "TL-7K3Q-M9XD", Kind.NUMBER),
        ("call +49 30 1234567.", "+49 30 1234567", Kind.PHONE),
        ("call 030/123 45 67", "030/123 45 67", Kind.PHONE),
        ("call (555) 123-4567", "(555) 123-4567", Kind.PHONE),
        ("Durchwahl: 417", "417", Kind.PHONE),
        ("Weber, Maria called", "Weber, Maria", Kind.PERSON),
        ("It is maria's printer", "maria", Kind.PERSON),
        ("asked Bo today", "Bo", Kind.PERSON),
        ("asked Frau Schmidt", "Schmidt", Kind.PERSON),
        ("Hallo Jens,\nes geht", "Jens", Kind.PERSON),
        ("It works.\nKind regards,\nJane Doe", "Jane Doe", Kind.PERSON),
        (r"in C:\Users\jdoe\Desktop", "jdoe", Kind.PERSON),
    ],
)  # fmt: skip
def test_it_is_taken_out_and_listed(text: str, found: str | None, kind: Kind) -> None:
    done = redact([text], people=PEOPLE)
    wanted = text if found is None else found
    matching = [redaction for redaction in done.redactions if redaction.kind is kind]
    assert any(wanted in redaction.found for redaction in matching), done
    assert wanted not in done.texts[0]
    assert matching[0].reason


@pytest.mark.parametrize(
    "text",
    [
        "Error 0x80070005 and E-1234 after KB5034441",
        "The password is wrong and the token is expired",
        "Version 10.0.19045.3803 of 24.11.2026, 12:30:45",
        "ping 127.0.0.1, then 8.8.8.8; mask 255.255.255.0",
        "see https://support.example.org/articles/117 and www.example.org",
        "open report.final.docx and setup.exe with regedit.exe",
        "restart the service on port 8080, wait 1000 ms",
        "std::string, 1:1, C:\\Windows\\System32",
        "Hello all, the printer prints; thanks",
        "bo is not a name in small letters here",
        "2026-11-24 08:15 it was slow at 100 Mbit/s",
    ],
)
def test_what_helps_stays(text: str) -> None:
    done = redact([text], people=PEOPLE)
    assert done.texts == (text,), done.redactions


def test_the_same_words_have_one_placeholder_in_all_texts() -> None:
    done = redact(["Maria and MARIA", "ask maria, Ada"], people=PEOPLE)
    assert done.texts == ("[person 1] and [person 1]", "ask [person 1], [person 2]")
    assert [(one.placeholder, one.found, one.times) for one in done.redactions] == [
        ("[person 1]", "Maria", 3), ("[person 2]", "Ada", 1),
    ]  # fmt: skip


def test_a_placeholder_that_stands_in_the_text_is_not_used() -> None:
    assert redact(["[IP 1] is 10.0.0.7"]).texts == ("[IP 1] is [IP 2]",)


@given(st.lists(st.text(), max_size=3))
def test_any_text_can_be_put_back(texts: list[str]) -> None:
    done = redact(texts, people=PEOPLE)
    for before, after in zip(texts, done.texts, strict=True):
        restored = after
        for redaction in done.redactions:
            restored = restored.replace(redaction.placeholder, redaction.found)
        assert restored.casefold() == before.casefold()


@pytest.mark.parametrize(
    "text", ["a." * 20_000, "0 " * 20_000, "password" * 5_000, "aa-" * 20_000, "x@" * 20_000, "::" * 9_000]
)
def test_a_hostile_text_takes_no_time(text: str) -> None:
    redact([text[:20_000]], people=PEOPLE)
