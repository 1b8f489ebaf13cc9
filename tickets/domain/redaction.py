"""The one redactor: takes out of texts what tells who, where and with which keys, and lists each thing for review.

Pure. It errs on the side of taking out: a person looks through the list, where each replacement can be undone. Error
codes, versions, dates and public addresses stay, as far as they can be told from the rest.

Each rule is a pattern whose group `x` is what goes; rules are tried in order, and what one took no other one sees.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What was taken out; the value is the word of its placeholder."""

    SECRET = "secret"  # noqa: S105 - a word
    URL = "link"
    EMAIL = "e-mail"
    MAC = "MAC"
    ADDRESS = "IP"
    HOST = "host"
    NUMBER = "number"
    PHONE = "phone"
    PERSON = "person"


@dataclass(frozen=True)
class Redaction:
    """One thing that was taken out: the same words have the same placeholder wherever they stood."""

    placeholder: str
    kind: Kind
    found: str
    times: int
    reason: str


@dataclass(frozen=True)
class Redacted:
    """The texts without it, in the order in which they came, and what it was."""

    texts: tuple[str, ...]
    redactions: tuple[Redaction, ...]


@dataclass(frozen=True)
class _Rule:
    kind: Kind
    reason: str
    pattern: re.Pattern[str]
    accept: Callable[[str], bool] = lambda _found: True


def _p(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE)


# --- what is told from its form --------------------------------------------------------------------------------------

_LEFT: Final = r"(?<![\w@.\\/-])"
_RIGHT: Final = r"(?![\w@])"
# Names that end like a file are files.
_FILE_ENDINGS: Final = frozenset({
    "bak", "bat", "bin", "cab", "cfg", "cmd", "conf", "crt", "csv", "dat", "db", "deb", "dll", "dmg", "doc", "docx",
    "dotx", "eml", "exe", "gz", "htm", "html", "inf", "ini", "iso", "jar", "jpeg", "jpg", "js", "json", "lnk",
    "log", "md", "mdb", "msc", "msg", "msi", "msp", "msu", "ods", "odt", "old", "ost", "pdf", "pem", "pf", "png",
    "pol", "potx", "pps", "ppt", "pptx", "ps1", "pst", "py", "reg", "rpm", "rtf", "sh", "svg", "sys", "tar", "tgz",
    "tif", "tiff", "tmp", "toml", "ttf", "txt", "vbs", "vhd", "vhdx", "wav", "wim", "xls", "xlsm", "xlsx", "xml",
    "yaml", "yml", "zip",
})  # fmt: skip
_INNER: Final = r"(?:local|lan|intern|internal|intra|intranet|corp|home|ad|domain|private|localdomain|arpa|test)"
# Everybody has these: they tell nothing, and an answer may need them.
_COMMON_ADDRESSES: Final = frozenset({"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"})


def _is_v4(text: str) -> bool:
    try:
        address = ipaddress.IPv4Address(text.partition("/")[0].partition(":")[0])
    except ValueError:
        return False
    return not (
        address.is_loopback
        or address.is_unspecified
        or address.is_link_local
        or str(address) in _COMMON_ADDRESSES
        or str(address).startswith("255.")
    )


def _is_v6(text: str) -> bool:
    try:
        address = ipaddress.IPv6Address(text.partition("/")[0].partition("%")[0])
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


def _is_host(text: str) -> bool:
    labels = text.lower().rstrip(".").split(".")
    return labels[0] != "www" and labels[-1] not in _FILE_ENDINGS and not labels[-1].isdigit()


def _looks_secret(text: str) -> bool:
    """Whether a word after "password is" can be one: `wrong` and `expired` are not."""
    return len(text) >= 6 and any(c.isdigit() or c in "!#$%&*+=@^_~" for c in text)


def _is_mixed(text: str) -> bool:
    return any(c.isdigit() for c in text) and any(c.isalpha() for c in text)


def _has_digit(text: str) -> bool:
    return any(c.isdigit() for c in text)


_DATE: Final = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2}")


def _is_phone(text: str) -> bool:
    digits = sum(c.isdigit() for c in text)
    return 7 <= digits <= 15 and not _DATE.match(text)


def _is_card(text: str) -> bool:
    """Whether the digits pass the check of ISO/IEC 7812."""
    digits = [int(c) for c in text if c.isdigit()]
    if not 13 <= len(digits) <= 19:
        return False
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(odd) + sum(sum(divmod(2 * digit, 10)) for digit in even)) % 10 == 0


_KEY_WORD: Final = r"""(?:pass\s?word|passwd|pass\s?phrase|pwd|pass\s?wort|kennwort|zugangscode|geheimnis|secret|token
    |pin|puk|otp|tan|api[-_\s]?key|access[-_\s]?key|recovery[-_\s]?key|wiederherstellungsschl(?:ü|ue)ssel
    |client[-_\s]?secret)"""
_NUMBER_WORD: Final = r"""(?:serial|serien|s/n|sn
    |asset|inventar|inventory|licen[cs]e|lizenz|product|produkt|service|imei
    |customer|kunden|contract|vertrags?|order|bestell|invoice|rechnungs|personal|employee|account|konto|iban|ticket|case|reference)"""
_NUMBER_TAIL: Final = r"""(?:[-\s]?(?:number|numbers|nr|no|num|nummer|tag|key|schl(?:ü|ue)ssel|code|id))?"""

_FORMS: Final[tuple[_Rule, ...]] = (
    _Rule(
        Kind.SECRET,
        "A private key",
        _p(r"(?P<x>-----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----[\s\S]*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z))"),
    ),
    _Rule(
        Kind.URL,
        "A link with a name and password in it",
        _p(r"(?P<x>\b[a-z][a-z0-9+.-]{1,20}://[^\s/@:]*:[^\s/@]+@[^\s<>\"')]+)"),
    ),
    _Rule(
        Kind.URL,
        "A link with a key in it",
        _p(
            r"(?P<x>\bhttps?://[^\s<>\"']*?[?&\#;](?:[\w-]*(?:token|key|sig|signature|secret|password|passwd|pwd|code|auth|session)"
            r"[\w-]*=)[^\s<>\"']+)"
        ),
    ),
    _Rule(Kind.URL, "A link with a key in it", _p(r"(?P<x>\bhttps?://[^\s<>\"'\#]+\#[\w=.~-]{16,})")),
    _Rule(
        Kind.SECRET,
        "It stands after a word like “password”",
        _p(rf"\b{_KEY_WORD}\b[\"'*`]*\s*(?:[:=]|=>|->)\s*[\"'*`]*(?P<x>[^\s\"'`,;<>]+)"),
    ),
    _Rule(
        Kind.SECRET,
        "It stands after a word like “password”",
        _p(rf"\b{_KEY_WORD}\b\s+(?:is|was|ist|war|lautet)\s*:?\s*[\"'*`]*(?P<x>[^\s\"'`,;<>]+)"),
        _looks_secret,
    ),
    _Rule(
        Kind.SECRET,
        "It stands after an option for passwords",
        _p(r"(?:^|\s)--?(?:password|passwd|pass|pwd|token|secret|api-key)[=\s]+[\"']?(?P<x>[^\s\"']+)"),
    ),
    _Rule(
        Kind.SECRET, "A login of a program", _p(r"\b(?:bearer|basic)\s+(?P<x>[\w+/=.~-]{12,})"),
    ),
    _Rule(
        Kind.SECRET,
        "It looks like a token",
        _p(r"(?<![\w/])(?P<x>eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?|(?:gh[pousr]|glpat|xox[abp]|sk|pk|AKIA)[-_]?[A-Za-z0-9_-]{14,})"),
        _has_digit,
    ),
    _Rule(Kind.SECRET, "A recovery key", _p(r"(?<!\d)(?P<x>(?:\d{6}-){7}\d{6})(?!\d)")),
    _Rule(
        Kind.EMAIL,
        "An e-mail address",
        _p(r"(?<![\w.!\#$%&'*+/=?^`{|}~-])(?P<x>[\w.!\#$%&'*+/=?^`{|}~-]+@(?:[\w-]+\.)*[\w-]+\w)"),
    ),
    _Rule(
        Kind.MAC,
        "The address of a network card",
        _p(r"(?<![\w:.-])(?P<x>(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})(?![\w:-])"),
    ),
    _Rule(
        Kind.ADDRESS,
        "A network address",
        _p(r"(?<![\w:.])(?P<x>[0-9a-f]{0,4}:[0-9a-f:.]*:[0-9a-f.]*(?:%\w+)?(?:/\d{1,3})?)(?![\w:])"),
        _is_v6,
    ),
    _Rule(
        Kind.ADDRESS,
        "A network address",
        _p(r"(?<![\w.])(?P<x>\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?)(?![\w]|\.\d)"),
        _is_v4,
    ),
    _Rule(Kind.HOST, "The name of a server", _p(r"(?<!\\)\\\\(?P<x>[\w.-]+)(?=\\|\s|$)")),
    _Rule(
        Kind.PERSON,
        "A user’s folder",
        _p(r"(?:[\\/](?:users|home|benutzer|dokumente\ und\ einstellungen)[\\/])(?P<x>(?!public\b|default\b)[\w.-]+)"),
    ),
    _Rule(
        Kind.HOST,
        "The name of a computer",
        _p(
            rf"{_LEFT}(?P<x>(?:desktop|laptop|notebook|pc|nb|ws|wks|client|srv|server|host|dc|fs|vm|ts|rds|sql|exch|prt|nas|ap|sw|fw|gw)"
            rf"[-_]?(?=[\w-]*\d)[\w]*(?:[-_]\w+)*)(?![\w.@-]*\.\w|[\w])"
        ),
        _is_mixed,
    ),
    _Rule(
        Kind.HOST,
        "The name of a computer",
        _p(rf"(?P<x>(?<![\w@.-])(?:[\w-]+\.)+{_INNER}){_RIGHT}(?!\.\w)"),
    ),
    _Rule(
        Kind.HOST,
        "The name of a computer",
        _p(
            r"\b(?:host\s?name|computer\s?name|rechner\s?name|ger(?:ä|ae)te\s?name|device\s?name|machine\s?name|host|hostname)"
            r"\s*(?:is|ist|[:=])\s*(?P<x>[\w.-]+\w)"
        ),
    ),
    _Rule(
        Kind.HOST,
        "The name of a computer",
        _p(rf"(?<![\w@./-])(?P<x>[a-z0-9][\w-]*(?:\.[a-z0-9][\w-]*)+\.[a-z]{{2,12}}){_RIGHT}"),
        _is_host,
    ),
    _Rule(Kind.NUMBER, "A product key", _p(r"(?<![\w-])(?P<x>(?:[A-Z0-9]{5}-){4}[A-Z0-9]{5})(?![\w-])")),
    _Rule(
        Kind.NUMBER,
        "A bank account",
        _p(r"\b(?P<x>[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?)\b"),
        _has_digit,
    ),
    _Rule(Kind.NUMBER, "A card number", _p(r"(?<![\w-])(?P<x>\d(?:[\s-]?\d){12,18})(?![\w-])"), _is_card),
    _Rule(
        Kind.NUMBER,
        "A number of a device, licence or contract",
        _p(rf"\b{_NUMBER_WORD}{_NUMBER_TAIL}\b\s*(?:is|ist|lautet)?\s*[.:\#=]*\s*(?P<x>[A-Z0-9][A-Z0-9./-]{{3,39}}[A-Z0-9])\b"),
        _has_digit,
    ),
    _Rule(
        Kind.NUMBER,
        "A number of a request",
        _p(r"(?<![\w-])(?P<x>[A-Z]{2,6}-[0-9A-Z]{4}-[0-9A-Z]{4})(?![\w-])"),
    ),
    _Rule(
        Kind.PHONE,
        "A telephone number",
        _p(r"(?<![\w.:/-])(?P<x>(?:\+\s?\d|\(0|0)[\d ()/.\u2013-]{5,22}\d)(?![\w:]|[.,]\d)"),
        _is_phone,
    ),
    _Rule(
        Kind.PHONE,
        "A telephone number",
        _p(r"(?<![\w.:/-])(?P<x>\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4})(?![\w.-])"),
    ),
    _Rule(
        Kind.PHONE,
        "A telephone number",
        _p(
            r"\b(?:tel|telefon|telephone|phone|mobile|mobil|handy|fax|ext|extension|durchwahl|dw)\b\.?\s*(?:number|nr\.?|no\.?)?"
            r"\s*(?:is|ist)?\s*[:=]?\s*(?P<x>\d[\d /-]{1,18}\d)"
        ),
    ),
)  # fmt: skip

# --- who is named ----------------------------------------------------------------------------------------------------

_NAME: Final = r"[A-ZÀ-ÖØ-Þ][\w’'-]+"
_PERSON_FORMS: Final[tuple[_Rule, ...]] = (
    _Rule(
        Kind.PERSON,
        "A name after a title",
        re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Herr|Herrn|Frau|Dr|Prof)\b\.?\s+(?:Dr\.\s+)?(?P<x>{_NAME}(?:[ ]{_NAME})?)"),
    ),
    _Rule(
        Kind.PERSON,
        "A name in a greeting",
        re.compile(
            r"(?m)^(?:Hi|Hello|Hey|Dear|Hallo|Lieber?|Liebes|Moin|Servus|Guten (?:Tag|Morgen|Abend)|"
            r"Good (?:morning|afternoon))"
            rf"[ ]+(?!(?:all|team|zusammen|everybody|everyone)\b)(?P<x>{_NAME}(?:[ ]{_NAME})?)(?=\s*[,!.:–-]|\s*$)"
        ),
    ),
    _Rule(
        Kind.PERSON,
        "A name in a closing",
        re.compile(
            r"(?im)^(?:kind regards|best regards|regards|best wishes|best|thanks|many thanks|cheers|sincerely|yours|"
            r"(?:mit )?(?:freundlichen|besten|lieben|viele[nr]?|liebe|beste) gr(?:ü|ue)(?:ß|ss)en?|"
            r"gruss|gruß|lg|mfg|vg|danke)"
            rf"[,.! ]*\n+[ ]*(?P<x>(?-i:{_NAME})(?:[ ](?-i:{_NAME})){{0,2}})[ ]*$"
        ),
    ),
)


def _name_rules(people: Iterable[str]) -> Iterator[_Rule]:
    """Give a rule for each name, whole and in parts, the longest first."""
    wanted: set[str] = set()
    for person in people:
        name = person.partition("@")[0] if "@" in person else person
        parts = [part for part in re.split(r"[\s.,_+]+", name) if sum(c.isalpha() for c in part) >= 2]
        if len(parts) > 1:
            wanted.add(" ".join(parts))
            wanted.add(f"{parts[-1]}, {' '.join(parts[:-1])}")
            wanted.add(".".join(parts))
        wanted.update(parts)
    for name in sorted(wanted, key=lambda name: (-len(name), name)):
        # A short name may be a word too: then only a capital tells.
        flags = re.IGNORECASE if len(name) > 4 else 0
        spaced = r"\s+".join(re.escape(part) for part in name.split())
        yield _Rule(
            Kind.PERSON, "A name of this request", re.compile(rf"(?<!\w)(?P<x>{spaced})(?=(?:['’]?s)?(?!\w))", flags)
        )


def _domain_rules(people: Iterable[str]) -> Iterator[_Rule]:
    for domain in sorted({person.rpartition("@")[2].lower() for person in people if "@" in person}):
        if "." in domain:
            pattern = rf"(?<![\w@.-])(?P<x>(?:[\w-]+\.)*{re.escape(domain)}){_RIGHT}"
            yield _Rule(Kind.HOST, "It belongs to somebody of this request", re.compile(pattern, re.IGNORECASE))


def redact(texts: Sequence[str], *, people: Iterable[str] = ()) -> Redacted:
    """Return `texts` without anything personal or secret; one numbering goes through them all.

    `people` are names and e-mail addresses of those who took part.
    """
    known = [person for person in people if person.strip()]
    first, last = _FORMS[:11], _FORMS[11:]
    rules = (*first, *_domain_rules(known), *last, *_name_rules(known), *_PERSON_FORMS)
    spans = [_spans(text, rules) for text in texts]
    everything = "\n".join(texts)
    names: dict[tuple[Kind, str], str] = {}
    reasons: dict[str, tuple[Kind, str, str]] = {}
    counts: dict[str, int] = {}
    numbers: dict[Kind, int] = {}
    done = []
    for text, found in zip(texts, spans, strict=True):
        pieces, at = [], 0
        for start, end, rule in sorted(found, key=lambda span: span[0]):
            words = text[start:end]
            key = (rule.kind, words.casefold())
            if key not in names:
                names[key] = _placeholder(rule.kind, numbers, everything)
                reasons[names[key]] = (rule.kind, words, rule.reason)
            placeholder = names[key]
            counts[placeholder] = counts.get(placeholder, 0) + 1
            pieces += [text[at:start], placeholder]
            at = end
        done.append("".join([*pieces, text[at:]]))
    redactions = (
        Redaction(placeholder, kind, words, counts[placeholder], reason)
        for placeholder, (kind, words, reason) in reasons.items()
    )
    return Redacted(tuple(done), tuple(redactions))


def _placeholder(kind: Kind, numbers: dict[Kind, int], everything: str) -> str:
    while True:
        numbers[kind] = numbers.get(kind, 0) + 1
        placeholder = f"[{kind.value} {numbers[kind]}]"
        # What the texts say themselves can't stand for something else.
        if placeholder not in everything:
            return placeholder


def _spans(text: str, rules: Iterable[_Rule]) -> list[tuple[int, int, _Rule]]:
    found: list[tuple[int, int, _Rule]] = []
    for rule in rules:
        for match in rule.pattern.finditer(text):
            start, end = match.span("x")
            while end > start and text[end - 1] in ".,;:!?)":
                end -= 1
            free = all(end <= other or start >= until for other, until, _ in found)
            if end > start and free and rule.accept(text[start:end]):
                found.append((start, end, rule))
    return found
