"""Header values to text: raw 8-bit bytes, encoded words (RFC 2047) and parameters (RFC 2045, RFC 2231)."""

import re
from typing import Final

from tickets.mail.reading.charsets import clean, decode
from tickets.mail.reading.transfer import decode_base64, decode_quoted_printable

# Payloads stop at the next "=?" (but "=?=" ends base64 with padding), so that a thousand beginnings without an end are
# still read once each.
_WORD: Final = re.compile(r"=\?([\w.:*+()-]{1,60})\?([bBqQ])\?((?:(?!=\?[^=])[^\n])*?)\?=")
_BETWEEN: Final = re.compile(r"[ \t\r\n]*\Z")
_TRICKS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PARAMETER: Final = re.compile(r""";\s*([^\s=;"]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))""", re.DOTALL)
_EXTENDED: Final = re.compile(r"\A([^*]+)(?:\*(\d{1,4}))?(\*)?\Z")


def decode_value(raw: bytes, hint: str = "") -> str:
    """Return a header value as text, on one line, without control and direction characters."""
    return tidy(decode_words(decode(raw, "utf-8", hint)))


def tidy(text: str) -> str:
    """Return the text on one line, without control and direction characters."""
    return _TRICKS.sub("", re.sub(r"[\r\n\t]+", " ", text)).strip()


def decode_words(text: str) -> str:
    """Return the text with its encoded words decoded.

    Neighbours in the same charset are decoded together, as senders cut characters in two between them.
    """
    if "=?" not in text:
        return text
    done: list[str] = []
    pending, charset, open_base64, position = b"", "", "", 0
    for word in _WORD.finditer(text):
        between = text[position : word.start()]
        joined = _BETWEEN.match(between) is not None and position > 0
        if not joined or word[1].lower() != charset:
            done.append(decode(pending + _word_bytes("b", open_base64), charset))
            pending, charset, open_base64 = b"", word[1].lower(), ""
            if not joined:
                done.append(between)
        if word[2] in "bB":
            # Cut in two within a group of four, which only makes sense put together again.
            open_base64 += word[3]
            if len(open_base64) % 4 == 0 or "=" in open_base64:
                pending, open_base64 = pending + _word_bytes("b", open_base64), ""
        else:
            pending, open_base64 = pending + _word_bytes("b", open_base64) + _word_bytes("q", word[3]), ""
        position = word.end()
    done.extend((decode(pending + _word_bytes("b", open_base64), charset), text[position:]))
    return clean("".join(done))


def _word_bytes(encoding: str, payload: str) -> bytes:
    octets = payload.encode("utf-8", "replace")
    if encoding == "b":
        return decode_base64(octets)
    return decode_quoted_printable(octets.replace(b"_", b"=20"))


def parse_parameters(value: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return what stands before the first semicolon, in lower case, and the parameters, of which the first one counts.

    RFC 2231 pieces are put together and decoded; encoded words, which it forbids and everybody sends, are decoded too.
    """
    head = value.partition(";")[0].strip().lower()
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(value):
        text = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3].strip()
        name = _EXTENDED.match(match[1].lower())
        if name is None or (name[2] is None and name[3] is None):
            plain.setdefault(match[1].lower(), tidy(decode_words(text)))
        else:
            pieces.setdefault(name[1], {}).setdefault(int(name[2] or 0), (text, name[3] is not None))
    for base, numbered in pieces.items():
        plain[base] = tidy(_joined(numbered))
    return head, tuple(plain.items())


def _joined(numbered: dict[int, tuple[str, bool]]) -> str:
    charset, octets = "", bytearray()
    for number, (piece, encoded) in sorted(numbered.items()):
        text = piece
        if encoded and number == 0 and piece.count("'") >= 2:
            charset, _, text = piece.split("'", 2)
        part = text.encode("utf-8", "replace")
        octets += re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), part) if encoded else part
    return decode_words(decode(bytes(octets), charset))
