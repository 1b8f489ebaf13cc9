"""Address lists (RFC 5322 section 3.4) as people and programs really write them."""

import re
from typing import Final

from tickets.mail.reading.limits import MAX_ADDRESS_CHARS, MAX_ADDRESSES, MAX_NAME_CHARS
from tickets.mail.reading.mail import Address
from tickets.mail.reading.words import decode_words, tidy

_PLAIN: Final = re.compile(
    r"""\A[^\s@<>()\[\]\\,;:"]{1,128}@(?:[^\s@<>()\[\]\\,;:"]{1,190}|\[[0-9A-Za-z.:]{2,60}\])\Z"""
)
_QUOTED_LOCAL: Final = re.compile(r"""\A"(?:[^"\\\r\n]|\\.){1,100}"@[^\s@<>()\[\]\\,;:"]{1,190}\Z""")
# Both sides are bounded, so that a long run of characters is not searched again from each of them.
_ANYWHERE: Final = re.compile(r"""(?<![^\s<>()\[\],;:"'])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-][\w.-]{0,189}""")


class _Item:
    """One element of a list while it is read."""

    def __init__(self) -> None:
        self.phrase: list[str] = []
        self.angle: list[str] | None = None
        self.comments: list[str] = []

    def empty(self) -> bool:
        return self.angle is None and not "".join(self.phrase).strip()


def parse_addresses(text: str) -> tuple[Address, ...]:
    """Return the addresses of a field's value, its encoded words not yet decoded; what is no address is left out."""
    found: list[Address] = []
    pending = ""
    for item in _items(text):
        if item.angle is None and "@" not in "".join(item.phrase):
            # The half of a name that holds a comma and was not quoted: Doe, John <j@example.org>.
            pending = f"{pending}, {''.join(item.phrase).strip()}".strip(", ")
            continue
        address = _address(item, pending)
        pending = ""
        if address is not None:
            found.append(address)
        if len(found) >= MAX_ADDRESSES:
            break
    if not found:
        found = [Address("", lowered(match[0].rstrip("."))) for match in _ANYWHERE.finditer(text[:10_000])]
    return tuple(dict.fromkeys(found[:MAX_ADDRESSES]))


def lowered(address: str) -> str:
    """Return the address with its domain in lower case; the part before the @ belongs to its server alone."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def _items(text: str) -> list[_Item]:
    """Split at the commas and semicolons outside quotes, comments and angles. One step a character or quoted string."""
    items, item, position = [], _Item(), 0
    # A quote that nothing closes is looked for once: behind it, none closes either.
    unclosed = False
    while position < len(text):
        character = text[position]
        end = _closing_quote(text, position) if character == '"' and not unclosed else -1
        unclosed |= character == '"' and end == -1
        if end != -1:
            (item.phrase if item.angle is None else item.angle).append(text[position : end + 1])
            position = end
        elif character == "(" and (item.angle is None or not item.angle):
            comment, position = _comment(text, position)
            item.comments.append(comment)
        elif character == "<":
            item.angle = []
            end = text.find(">", position)
            if end == -1:
                item.angle = [text[position + 1 :]]
                break
            item.angle = [text[position + 1 : end]]
            position = end
        elif character in ",;":
            items.append(item)
            item = _Item()
        elif character == ":" and item.angle is None and "@" not in "".join(item.phrase[-200:]):
            # A group's name, or "mailto".
            item = _Item()
        elif item.angle is None:
            item.phrase.append(character)
        position += 1
    items.append(item)
    return [each for each in items if not each.empty()]


def _closing_quote(text: str, start: int) -> int:
    position = start + 1
    while (position := text.find('"', position)) != -1:
        if not _escaped(text, position):
            return position
        position += 1
    return -1


def _escaped(text: str, position: int) -> bool:
    backslashes = 0
    while backslashes < 20 and text[position - backslashes - 1] == "\\":
        backslashes += 1
    return backslashes % 2 == 1


def _comment(text: str, start: int) -> tuple[str, int]:
    """Return a comment's text and where its closing parenthesis stands; an unclosed one takes the rest."""
    depth, position, words = 0, start, []
    while position < len(text):
        character = text[position]
        if character == "\\" and position + 1 < len(text):
            position += 1
            words.append(text[position])
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                break
        else:
            words.append(character)
        position += 1
    return "".join(words), position


def _address(item: _Item, before: str) -> Address | None:
    phrase = "".join(item.phrase)
    if item.angle is not None:
        candidate = "".join(item.angle).lstrip("<")
        name = f"{before}, {phrase.strip()}".strip(", ") if before else phrase
    else:
        # Without angles: the last word with an @ in it; what stands before or in a comment is the name.
        words = phrase.split()
        candidate = phrase if '"' in phrase else next((word for word in reversed(words) if "@" in word), "")
        name = " ".join(word for word in words if word != candidate) if '"' not in phrase else ""
        name = f"{before}, {name}".strip(", ") if before else name
    address = valid_address(candidate)
    if address is None:
        # Something else stood in the angles; the phrase itself may be an address.
        address = next((valid_address(word) for word in phrase.split() if "@" in word and valid_address(word)), None)
        if address is None:
            return None
    name = _name(name) or _name(" ".join(item.comments))
    return Address("" if name.lower() == address.lower() else name, address)


def valid_address(candidate: str) -> str | None:
    """Return an address in its tidy form, or None for what cannot be one."""
    text = tidy(decode_words(candidate))
    if not text.strip().startswith('"'):
        text = re.sub(r"\s+", "", re.sub(r"\([^()]{0,100}\)", "", text))
    text = text.strip("<>[]() '").removeprefix("mailto:").removeprefix("MAILTO:")
    # A route before the address is obsolete (RFC 5322 section 4.4) and ignored.
    if text.startswith("@") and ":" in text:
        text = text.rpartition(":")[2]
    text = text.rstrip(".")
    if len(text) > MAX_ADDRESS_CHARS or not (_PLAIN.match(text) or _QUOTED_LOCAL.match(text)):
        return None
    return lowered(text)


def _name(text: str) -> str:
    bare = re.sub(r"\\(.)", r"\1", text.strip()).strip()
    decoded = tidy(decode_words(bare.replace('"', "") if "=?" in bare else bare))
    return re.sub(r"\s+", " ", decoded.strip("\"' ").replace('"', "")).strip()[:MAX_NAME_CHARS]
