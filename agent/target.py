"""What people give a command: a tracking number in some spelling, or the link of their mail."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from agent.errors import AgentError
from protocol.tracking import InvalidTrackingNumber, TrackingNumber, is_canonical, parse_tracking


class BadTarget(AgentError):
    """Neither a tracking number nor a link."""


@dataclass(frozen=True)
class Target:
    """A request, and what the link said beside its number; empty where it said nothing."""

    tracking: TrackingNumber
    server: str = ""
    token: str = ""

    def __repr__(self) -> str:
        return f"Target({self.tracking})"


def parse_target(text: str) -> Target:
    """Read a tracking number or a link `https://server/t/TRACKING#token`. Raises BadTarget."""
    text = text.strip()
    if "://" not in text:
        return Target(_tracking(text))
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise BadTarget("That is not a link of this help desk. Copy the whole link from your mail.") from error
    steps = [step for step in parts.path.split("/") if step]
    if parts.scheme not in {"https", "http"} or len(steps) != 2 or steps[0] != "t" or not parts.netloc:
        raise BadTarget("That is not a link of this help desk. Copy the whole link from your mail.")
    return Target(_tracking(unquote(steps[1])), f"{parts.scheme}://{parts.netloc}", unquote(parts.fragment))


def _tracking(text: str) -> TrackingNumber:
    # A number in its canonical spelling may have any prefix; other spellings only the usual one.
    if is_canonical(text.upper()):
        return TrackingNumber(text.upper())
    try:
        return parse_tracking(text)
    except InvalidTrackingNumber as error:
        raise BadTarget(str(error)) from error
