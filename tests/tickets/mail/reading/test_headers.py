"""Encoded words, parameters, addresses and verdicts, as they are really written."""

import pytest

from tests.tickets.mail.reading.mails import mail
from tickets.mail.reading.addresses import parse_addresses, valid_address
from tickets.mail.reading.mail import Address
from tickets.mail.reading.words import decode_words, parse_parameters, tidy


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?UTF-8?B?R3LDvMOfZQ==?= and =?utf-8*de?q?more?=", "Grüße and more"),
        ("=?utf-8?B?4oK?= =?utf-8?B?s?=", "€"),
        ("=?utf-8?q?a_b?= =?utf-8?q?c?=", "a bc"),
        ("=?utf-8?q?a b c?=", "a b c"),
        ("=?iso-8859-1?q?10_=80?=", "10 €"),
        ('Re: "=?utf-8?q?a?="', 'Re: "a"'),
        ("=?utf-8?q?a?=b=?utf-8?q?c?=", "abc"),
        ("=?utf-8?q?=3D=3F?=", "=?"),
        ("=?utf-8?q?open", "=?utf-8?q?open"),
        ("=?NONE?B?VEVTVA=?=", "TEST"),
        ("=?utf-8?B?TXlT?=\r\n =?utf-8?B?dXJ2ZXk=?=", "MySurvey"),
    ],
)
def test_encoded_words(written: str, read: str) -> None:
    assert decode_words(written) == read


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("attachment; filename=plain.txt", "plain.txt"),
        ('attachment; filename="two words.txt"', "two words.txt"),
        ("attachment; filename=two words.txt", "two words.txt"),
        ("attachment; filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt", "Grüße.txt"),
        ("attachment; filename*0*=iso-8859-1''Gr%FC; filename*1=%20; filename*2*=%DFe.txt", "Grü%20ße.txt"),
        ('attachment; filename="=?utf-8?q?Gr=C3=BC=C3=9Fe.txt?="', "Grüße.txt"),
        ('attachment; filename="open.txt', "open.txt"),
        ("attachment; filename*=broken%ZZ.txt", "broken%ZZ.txt"),
        ('attachment; filename="a;b=c.txt"; x=y', "a;b=c.txt"),
    ],
)
def test_parameters(written: str, name: str) -> None:
    head, parameters = parse_parameters(written)
    assert (head, dict(parameters)["filename"]) == ("attachment", name)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a@Example.ORG", [("", "a@example.org")]),
        ('"Doe, John" <j@example.org>, b@example.org', [("Doe, John", "j@example.org"), ("", "b@example.org")]),
        ("Doe, John <j@example.org>", [("Doe, John", "j@example.org")]),
        ("=?utf-8?q?Doe=2C_J=C3=B6rg?= <j@example.org>", [("Doe, Jörg", "j@example.org")]),
        ("'Quoted' <j@example.org>", [("Quoted", "j@example.org")]),
        ("j@example.org (John (Jack) Doe)", [("John (Jack) Doe".replace("(", "").replace(")", ""), "j@example.org")]),
        ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", [("Pete", "pete@silly.test")]),
        (
            "Team: a@example.org, b@example.org; c@example.org",
            [("", "a@example.org"), ("", "b@example.org"), ("", "c@example.org")],
        ),
        ("Undisclosed recipients:;", []),
        ("<<j@example.org>>", [("", "j@example.org")]),
        ("<mailto:j@example.org>", [("", "j@example.org")]),
        ("j@example.org <j@example.org>", [("", "j@example.org")]),
        ("Big Bug bb@example.org", [("Big Bug", "bb@example.org")]),
        ('"Open <j@example.org>', [("Open", "j@example.org")]),
        ("John <j@example.org", [("John", "j@example.org")]),
        ("@relay.example:j@example.org", [("", "j@example.org")]),
        ('"odd local"@example.org', [("", '"odd local"@example.org')]),
        ("j@@example.org", []),
        ("nobody", []),
        ("", []),
    ],
)
def test_addresses(written: str, read: list[tuple[str, str]]) -> None:
    assert parse_addresses(written) == tuple(Address(name, address) for name, address in read)


def test_an_address_longer_than_paths_may_be_is_none() -> None:
    assert valid_address(f"a@{'b' * 180}.example") is not None
    assert valid_address(f"{'a' * 100}@{'b' * 180}.example") is None


def test_headers_hold_no_control_and_no_direction_characters() -> None:
    assert tidy("a\u202eb\r\nc\x00\x1b") == "ab c"


def test_verdicts_are_taken_apart_and_comments_are_not_believed() -> None:
    read = mail(
        "Authentication-Results: mx.Example.org 1; spf=pass (x; dkim=pass header.d=evil.example) "
        'smtp.mailfrom="a@Sender.example";\r\n'
        ' dkim=fail reason="bad; dmarc=pass" header.d=sender.example; dmarc=PASS (p=none) header.from=sender.example',
        "Authentication-Results: forged.example; dmarc=pass header.from=bank.example",
        "Authentication-Results: third.example; none",
    )
    assert [(each.authserv_id, each.method, each.result, each.domain) for each in read.authentication] == [
        ("mx.example.org", "spf", "pass", "sender.example"),
        ("mx.example.org", "dkim", "fail", "sender.example"),
        ("mx.example.org", "dmarc", "pass", "sender.example"),
        ("forged.example", "dmarc", "pass", "bank.example"),
    ]
