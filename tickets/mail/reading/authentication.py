"""Authentication-Results fields (RFC 8601 section 2.2)."""

import re
from typing import Final

from tickets.mail.reading.mail import AuthResult, Fields

# Which property names the authenticated domain (RFC 8601 section 2.7), the most telling first.
_DOMAIN_PROPERTIES: Final[dict[str, tuple[str, ...]]] = {
    "dkim": ("header.d", "header.i"),
    "domainkeys": ("header.d", "header.from"),
    "dmarc": ("header.from",),
    "spf": ("smtp.mailfrom", "smtp.helo"),
    "auth": ("smtp.auth", "smtp.mailfrom"),
    "arc": ("header.d",),
}
_METHOD: Final = re.compile(r"\A([A-Za-z0-9-]{1,40})(?:\s*/\s*\d{1,6})?\s*=\s*([A-Za-z0-9-]{1,40})\b")
_PROPERTY: Final = re.compile(r"""([A-Za-z0-9-]{1,40}\.[A-Za-z0-9_-]{1,40})\s*=\s*("[^"]{0,300}"|[^\s";]{1,300})""")
_MAX_RESULTS: Final = 100


def parse_authentication(fields: Fields) -> tuple[AuthResult, ...]:
    """Return the verdicts of all fields, the topmost field first."""
    found: list[AuthResult] = []
    for value in fields.values("authentication-results"):
        pieces = _split(value)
        # The identifier may be followed by a version.
        identifier = (pieces[0].split() or [""])[0].strip('"').lower()
        for piece in pieces[1:]:
            if len(found) < _MAX_RESULTS and (match := _METHOD.match(piece)):
                found.append(_result(identifier, match[1].lower(), match[2].lower(), piece[match.end() :]))
    return tuple(found)


def _result(identifier: str, method: str, result: str, rest: str) -> AuthResult:
    properties = tuple((name.lower(), value.strip('"').lower()) for name, value in _PROPERTY.findall(rest))
    for wanted in _DOMAIN_PROPERTIES.get(method, ()):
        for name, value in properties:
            if name == wanted and (domain := value.rpartition("@")[2].strip("<>. ")):
                return AuthResult(identifier, method, result, domain, properties)
    return AuthResult(identifier, method, result, "", properties)


def _split(value: str) -> list[str]:
    """Split at semicolons outside quotes, with comments dropped: in them strangers' words may stand."""
    pieces: list[str] = []
    piece: list[str] = []
    depth, quoted, escaped = 0, False, False
    for character in value:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
            continue
        elif quoted or depth == 0:
            if character == '"':
                quoted = not quoted
            elif not quoted and character == "(":
                depth = 1
                continue
            elif not quoted and character == ";":
                pieces.append("".join(piece).strip())
                piece = []
                continue
        else:
            depth += (character == "(") - (character == ")")
            continue
        if depth == 0:
            piece.append(character)
    pieces.append("".join(piece).strip())
    return pieces
