"""Bytes to text, whatever label they carry.

A fixed table stands between the labels of strangers and Python's codecs: looking up any name would reach codecs that
are no charset (idna takes quadratic time, unicode_escape gives lone surrogates) and would fill the codec cache.
"""

import re
from typing import Final

import charset_normalizer

from tickets.mail.reading.limits import MAX_GUESS_BYTES

# Label, folded to letters and digits -> Python codec. Where the label's own codec is a subset of what senders really
# use, the superset stands here (WHATWG Encoding Standard section 4.2): Windows writes cp1252 and calls it latin-1.
_CODECS: Final[dict[str, str]] = {
    **dict.fromkeys(("utf8", "utf08", "unicode11utf8", "cp65001", "65001"), "utf-8"),
    **dict.fromkeys(("utf7", "unicode11utf7", "utf7imap"), "utf-7"),
    **dict.fromkeys(("utf16", "ucs2", "unicode"), "utf-16"),
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "utf32": "utf-32",
    **dict.fromkeys(("usascii", "ascii", "ansix341968", "iso646us", "646", "7bit", "8bit"), "ascii"),
    **dict.fromkeys(
        ("iso88591", "latin1", "l1", "88591", "windows1252", "cp1252", "1252", "ansi", "iso8859"), "cp1252"
    ),
    **dict.fromkeys(("iso88592", "latin2", "l2", "88592"), "iso8859-2"),
    **dict.fromkeys(("windows1250", "cp1250"), "cp1250"),
    **dict.fromkeys(("windows1251", "cp1251", "win1251", "1251"), "cp1251"),
    **dict.fromkeys(("iso88599", "latin5", "windows1254", "cp1254"), "cp1254"),
    **dict.fromkeys(("iso885911", "tis620", "windows874", "cp874"), "cp874"),
    **dict.fromkeys(("iso885915", "latin9", "latin0", "885915"), "iso8859-15"),
    **dict.fromkeys(("iso88598", "iso88598i", "iso88598e"), "iso8859-8"),
    **{f"iso8859{number}": f"iso8859-{number}" for number in (3, 4, 5, 6, 7, 10, 13, 14, 16)},
    **{f"windows{page}": f"cp{page}" for page in (1253, 1255, 1256, 1257, 1258)},
    **{f"cp{page}": f"cp{page}" for page in (437, 737, 775, 850, 852, 855, 858, 866, 1253, 1255, 1256, 1257, 1258)},
    **{f"ibm{page}": f"cp{page}" for page in (437, 737, 775, 850, 852, 855, 858, 866)},
    **dict.fromkeys(("koi8r", "koi8"), "koi8-r"),
    **dict.fromkeys(("koi8u", "koi8ru"), "koi8-u"),
    **dict.fromkeys(("macintosh", "macroman", "mac", "xmacroman"), "mac-roman"),
    **dict.fromkeys(("xmaccyrillic", "maccyrillic"), "mac-cyrillic"),
    **dict.fromkeys(("gb2312", "gbk", "cp936", "gb18030", "gb231280", "euccn", "xgbk", "hzgb2312"), "gb18030"),
    **dict.fromkeys(("big5", "cnbig5", "xxbig5", "big5hkscs", "cp950"), "big5hkscs"),
    **dict.fromkeys(("shiftjis", "sjis", "xsjis", "mskanji", "windows31j", "cp932", "cswindows31j"), "cp932"),
    **dict.fromkeys(("eucjp", "xeucjp"), "euc-jp"),
    **dict.fromkeys(("iso2022jp", "iso2022jp1", "iso2022jp2", "iso2022jpms", "cp50220", "cp50221"), "iso2022_jp_ext"),
    **dict.fromkeys(
        ("euckr", "ksc56011987", "ksc5601", "ksc56011989", "cp949", "uhc", "windows949", "korean"), "cp949"
    ),
    "iso2022kr": "iso2022-kr",
    "johab": "johab",
}
_MULTI_BYTE: Final = frozenset({"gb18030", "big5hkscs", "cp932", "euc-jp", "cp949", "johab"})
# Of codecs that never refuse or that switch by plain ASCII, a strict success proves nothing.
_WIDE: Final = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32"})
_UTF8_SEQUENCE: Final = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
# Three well-formed UTF-8 sequences and no ill-formed one are no chance, two can be (GBK's most famous accident).
_ENOUGH_SEQUENCES: Final = 3
# Below this a guess is a throw of dice.
_ENOUGH_TO_GUESS: Final = 24
# These differ in a few accents only: a short text is far more often the commonest of them.
_WESTERN: Final = frozenset(
    {"cp1250", "cp1254", "cp1257", "cp850", "cp858", "cp437", "iso8859-2", "iso8859-15", "mac-roman"}
)
_ENOUGH_TO_TELL_LATINS: Final = 200
_FORBIDDEN: Final = re.compile("[\x00\ud800-\udfff]")


def codec_of(label: str) -> str | None:
    """Return the codec for a charset label, however it is written, or None."""
    folded = re.sub(r"[^a-z0-9]", "", label[:60].split("*", maxsplit=1)[0].lower())
    return _CODECS.get(folded) or _CODECS.get(folded.removeprefix("x").removeprefix("cs"))


def clean(text: str) -> str:
    """Return the text without NUL and lone surrogates, which databases and UTF-8 refuse."""
    return _FORBIDDEN.sub("\ufffd", text) if _FORBIDDEN.search(text) else text


def decode(content: bytes, label: str = "", hint: str = "") -> str:
    """Return the text of bytes that say they are in `label`; `hint` is the charset used elsewhere in the mail."""
    return clean(_decode(content, label, hint))


def _decode(content: bytes, label: str, hint: str) -> str:
    codec = codec_of(label)
    if codec in _WIDE:
        return content.decode(codec, "replace")
    if codec is not None and (codec == "utf-7" or codec.startswith("iso2022")) and content.isascii():
        return _strict(content, codec) or content.decode("ascii")
    if content.isascii():
        return _ascii(content)
    if (text := _as_utf8(content, codec)) is not None:
        return text
    for candidate in (codec, codec_of(hint)):
        if (
            candidate not in {None, "utf-8", "ascii", "utf-7"}
            and (text := _strict(content, candidate or "")) is not None
        ):
            return text
    return _guessed(content, codec)


def _ascii(content: bytes) -> str:
    # An unlabelled ISO-2022-JP text is plain ASCII with escapes to a Japanese set in it (RFC 1468).
    if b"\x1b$" in content and (text := _strict(content, "iso2022_jp_ext")) is not None:
        return text
    return content.decode("ascii")


def _as_utf8(content: bytes, codec: str | None) -> str | None:
    text = _strict(content, "utf-8")
    if text is None or codec not in _MULTI_BYTE:
        return text
    sequences = sum(1 for _ in zip(_UTF8_SEQUENCE.finditer(content), range(_ENOUGH_SEQUENCES), strict=False))
    return text if sequences == _ENOUGH_SEQUENCES or _strict(content, codec or "") is None else None


def _strict(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except UnicodeError:
        return None


def _guessed(content: bytes, codec: str | None) -> str:
    """Return the text in the likeliest charset; mostly right text with a few marks beats all of it wrong."""
    # A UTF-8 text that was cut or damaged in one place is still UTF-8.
    damaged = content.decode("utf-8", "replace")
    if damaged.count("\ufffd") * 20 <= sum(1 for character in damaged if character > "\x7f"):
        return damaged
    if codec in _MULTI_BYTE:
        return content.decode(codec or "", "replace")
    sample = _telling(content)
    if _looks_like_koi8(sample):
        return content.decode("koi8-r", "replace")
    if len(sample) >= _ENOUGH_TO_GUESS:
        try:
            best = charset_normalizer.from_bytes(sample).best()
        except (UnicodeError, ValueError, LookupError, OverflowError):
            best = None
        guess = codec_of(best.encoding) if best is not None else None
        if guess is not None and not (guess in _WESTERN and len(sample) < _ENOUGH_TO_TELL_LATINS):
            return content.decode(guess, "replace")
    return content.decode("cp1252", "replace")


def _telling(content: bytes) -> bytes:
    """Return the piece around the first byte that is not ASCII."""
    if len(content) <= MAX_GUESS_BYTES:
        return content
    found = re.search(rb"[\x80-\xff]", content)
    start = max(0, found.start() - 200) if found else 0
    return content[start : start + MAX_GUESS_BYTES]


def _looks_like_koi8(sample: bytes) -> bool:
    """Say whether this is Russian in KOI8-R, which the guesser takes for Japanese.

    Its small letters are C0 to DF; in windows-1251 those are the capitals, in Western charsets capitals with accents.
    Either is rare where almost all letters are beyond ASCII.
    """
    high = sum(byte > 0x7F for byte in sample)
    small = sum(0xC0 <= byte <= 0xDF for byte in sample)
    letters = sum(0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A for byte in sample)
    return high >= _ENOUGH_TO_GUESS and high > 2 * letters and small * 10 > high * 8
