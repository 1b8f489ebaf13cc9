"""Text in any charset, whatever its label says."""

import pytest

from tests.tickets.mail.reading.mails import mail
from tickets.mail.reading.charsets import codec_of, decode

_RUSSIAN = "Здравствуйте, у меня не работает принтер, помогите пожалуйста. Спасибо большое!"
_CHINESE = "您好,打印机不能用了,请帮忙。"


@pytest.mark.parametrize(
    ("text", "written", "label"),
    [
        pytest.param("10 € – “so”", "cp1252", "iso-8859-1", id="Windows says latin-1"),
        pytest.param("10 € – “so”", "utf-8", "iso-8859-1", id="UTF-8 says latin-1"),
        pytest.param("Grüße", "utf-8", "us-ascii", id="UTF-8 says ASCII"),
        pytest.param("Grüße", "cp1252", "utf-8", id="latin-1 says UTF-8"),
        pytest.param("Grüße", "cp1252", "", id="nothing said"),
        pytest.param("Grüße", "cp1252", "X-UNKNOWN", id="unknown label"),
        pytest.param("镕囍㐀", "gb18030", "gb2312", id="more than GB 2312 has"),
        pytest.param(_CHINESE, "utf-8", "gb2312", id="UTF-8 says GB 2312"),
        pytest.param("联通", "gb18030", "gb2312", id="GBK that is well-formed UTF-8 by accident"),
        pytest.param("①髙﨑", "cp932", "Shift_JIS", id="more than Shift JIS has"),
        pytest.param("똠방각하", "cp949", "ks_c_5601-1987", id="more than KS C 5601 has"),
        pytest.param("すみません", "iso2022_jp", "", id="unlabelled ISO-2022-JP"),
        pytest.param(_RUSSIAN, "koi8-r", "", id="guessed: KOI8-R"),
        pytest.param(_RUSSIAN, "cp1251", "iso-8859-1x", id="guessed: windows-1251"),
        pytest.param("Ångström", "utf-16", "utf-16", id="UTF-16"),
    ],
)
def test_text_is_found(text: str, written: str, label: str) -> None:
    assert decode(text.encode(written), label) == text


def test_one_bad_byte_does_not_turn_utf8_into_something_else() -> None:
    assert decode(("ä" * 50).encode() + b"\xff" + "ö".encode(), "utf-8") == "ä" * 50 + "\ufffd" + "ö"


def test_nothing_comes_out_that_a_database_refuses() -> None:
    for label in ("utf-8", "utf-7", "utf-16", "iso-2022-jp", "gb18030", ""):
        text = decode(b"a\x00b+2AA-\xed\xa0\x80\x1b$B", label)
        assert "\x00" not in text
        text.encode("utf-8")


@pytest.mark.parametrize(
    "label", ["idna", "unicode_escape", "raw_unicode_escape", "punycode", "rot13", "../x", "zip", "undefined"]
)
def test_what_is_no_charset_is_no_charset(label: str) -> None:
    assert codec_of(label) is None


def test_raw_header_bytes_follow_the_charset_of_the_mail() -> None:
    raw = "Subject: Принтер".encode("koi8-r")
    read = mail("Content-Type: text/plain; charset=koi8-r", raw.decode("latin-1"), body=_RUSSIAN.encode("koi8-r"))
    assert (read.subject, read.text) == ("Принтер", _RUSSIAN)


def test_html_may_name_its_charset_itself() -> None:
    body = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><p>Да</p>'.encode("cp1251")
    assert mail("Content-Type: text/html", body=body).text == "Да"
