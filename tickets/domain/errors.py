"""What can go wrong at the help desk; each class becomes one kind of problem document (RFC 9457).

`slug` is the stable end of the problem's `type`, `title` names the kind, `str()` says what to do next.
"""

from typing import ClassVar


class DeskError(Exception):
    """Root of the tree."""

    slug: ClassVar[str] = "error"
    title: ClassVar[str] = "That did not work"
    status: ClassVar[int] = 400

    @property
    def detail(self) -> str:
        """The text for people."""
        return str(self)


class NotLoggedIn(DeskError):
    """Nobody proved who is asking, and somebody must."""

    slug, title, status = "not-logged-in", "Please log in", 401

    def __init__(self) -> None:
        super().__init__("Log in first, or send a token that is still good.")


class NotAllowed(DeskError):
    """The table of rights has no row for this."""

    slug, title, status = "not-allowed", "You may not do this", 403

    def __init__(self, action: str) -> None:
        super().__init__(f"You may not do this here ({action}). Ask an admin if you think you should.")
        self.action = action


class WrongOrigin(DeskError):
    """A browser sent a state-changing request that another site made."""

    slug, title, status = "wrong-origin", "The request came from another site", 403

    def __init__(self) -> None:
        super().__init__("Open the help desk at its own address and try again from there.")


class TicketNotFound(DeskError):
    """No such ticket for this person: unknown, foreign and closed are the same."""

    slug, title, status = "ticket-not-found", "There is no such request", 404

    def __init__(self) -> None:
        super().__init__("Check the tracking number, and use the link or the code that belongs to it.")


class NotFound(DeskError):
    """No such page, article, technician."""

    slug, title, status = "not-found", "There is nothing here", 404

    def __init__(self, what: str = "page") -> None:
        super().__init__(f"There is no such {what}. Check the address.")


class MethodNotAllowed(DeskError):
    """The address exists, the method does not."""

    slug, title, status = "method-not-allowed", "That method is not offered here", 405

    def __init__(self) -> None:
        super().__init__("The description at /api/v1/openapi.json lists what each address offers.")


class AlreadyClaimed(DeskError):
    """Somebody else was faster."""

    slug, title, status = "already-claimed", "Somebody already has this request", 409

    def __init__(self, by: str) -> None:
        super().__init__(f"{by} already has this request.")
        self.by = by


class IllegalMove(DeskError):
    """The table of status moves has no row for this."""

    slug, title, status = "illegal-move", "The request can't go there from here", 409

    def __init__(self, now: str, wanted: str) -> None:
        super().__init__(f"A request that is {now} can't become {wanted}. Load it again to see where it stands.")


class TicketClosed(DeskError):
    """The ticket is resolved or closed, and this needs one that is worked on."""

    slug, title, status = "ticket-closed", "The request is no longer open", 409

    def __init__(self, status: str) -> None:
        super().__init__(f"This request is {status}. Reopen it first, or file a new one.")


class OtherComputer(DeskError):
    """Another agent key is pinned to the ticket."""

    slug, title, status = "other-computer", "The request belongs to another computer", 409

    def __init__(self) -> None:
        super().__init__("Another computer already belongs to this request. Ask the technician for a join code.")


class AlreadyThere(DeskError):
    """Something with that name exists."""

    slug, title, status = "already-there", "That exists already", 409

    def __init__(self, what: str) -> None:
        super().__init__(f"There is already {what}. Choose another, or change the one that exists.")


class AnsweredAlready(DeskError):
    """The session has another answer."""

    slug, title, status = "answered-already", "This session has its answer", 409

    def __init__(self) -> None:
        super().__init__("The answer for this session is written down and stays. The next session is asked anew.")


class MailSettled(DeskError):
    """What became of a mail that came in is decided, and this needs one that waits."""

    slug, title, status = "mail-settled", "Somebody decided about this mail", 409

    def __init__(self, state: str) -> None:
        super().__init__(f"This mail is {state}. Load the list again to see what became of it.")


class StrongerToken(DeskError):
    """A token was asked for that could do more, or live longer, than the proof it was asked with."""

    slug, title, status = "stronger-token", "That token would be stronger than yours", 403

    def __init__(self) -> None:
        super().__init__("A token makes none that can do more or lives longer than itself. Log in to make one.")


class SentTwice(DeskError):
    """An Idempotency-Key came again with other contents, or while the first request was not answered."""

    slug, title, status = "sent-twice", "This key was used already", 409


class EditConflict(DeskError):
    """Somebody saved it after it was read for this change."""

    slug, title, status = "edit-conflict", "Somebody changed this meanwhile", 409

    def __init__(self, revision: int) -> None:
        super().__init__(f"Its newest revision is {revision}. Read it, put your change in again, and save that.")


class NoSolution(DeskError):
    """An article was to be made of a ticket that has no solution."""

    slug, title, status = "no-solution", "This request has no solution yet", 409

    def __init__(self) -> None:
        super().__init__("Write down first what solved it: resolve the request, then make the article.")


class NotSolved(DeskError):
    """How the help was is asked when it is over."""

    slug, title, status = "not-solved", "The request is not solved yet", 409

    def __init__(self) -> None:
        super().__init__("This request is being worked on again. Say how it was when it is solved.")


class RatingFinal(DeskError):
    """What somebody said about the help can't be changed any more."""

    slug, title, status = "rating-final", "Your answer stays as it is", 409

    def __init__(self) -> None:
        super().__init__("You answered long ago. Write to the help desk if you see it differently now.")


class NoMail(DeskError):
    """Something was to be mailed, and this help desk sends none."""

    slug, title, status = "no-mail", "This help desk sends no mail", 409

    def __init__(self) -> None:
        super().__init__("Call the help desk and read out your tracking number.")


class LinkOver(DeskError):
    """A mailed link is too old, or none of ours."""

    slug, title, status = "link-over", "This link is over", 410

    def __init__(self) -> None:
        super().__init__("Ask for a new link: it is good for one hour.")


class DeviceUnknown(DeskError):
    """No certificate that is still good for this device key."""

    slug, title, status = "device-unknown", "This device is not certified", 409

    def __init__(self) -> None:
        super().__init__("Send the device's public key to POST /api/v1/devices first.")


class Invalid(DeskError):
    """A field has the wrong form."""

    slug, title, status = "invalid", "Something in the request is not right", 422

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}" if field else text)
        self.field = field
        self.text = text


class TooLarge(DeskError):
    """The body is over its limit."""

    slug, title, status = "too-large", "That is too much at once", 413

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"Send at most {limit_bytes:,} bytes.")


class WrongMediaType(DeskError):
    """The body says that it is something else than JSON."""

    slug, title, status = "wrong-media-type", "That is not JSON", 415

    def __init__(self) -> None:
        super().__init__("Send the body as JSON, with Content-Type: application/json.")


class LoginFailed(DeskError):
    """Address or password wrong; one answer for every cause."""

    slug, title, status = "login-failed", "That login is not right", 401

    def __init__(self) -> None:
        super().__init__("Check the e-mail address and the password.")


class TooManyTries(DeskError):
    """Throttled; `retry_after_s` becomes the Retry-After header."""

    slug, title, status = "too-many-tries", "Too many tries", 429

    def __init__(self, retry_after_s: int) -> None:
        minutes = max(1, -(-retry_after_s // 60))
        super().__init__(f"Wait {minutes} minute{'s' if minutes > 1 else ''} and try again.")
        self.retry_after_s = retry_after_s


class Unavailable(DeskError):
    """The server cannot do it now."""

    slug, title, status = "unavailable", "The help desk can't do this right now", 503

    def __init__(self, detail: str = "Try again in a minute. Nothing you sent before is lost.") -> None:
        super().__init__(detail)


class Broken(DeskError):
    """A fault of ours; the log has more."""

    slug, title, status = "broken", "Something broke on our side", 500

    def __init__(self) -> None:
        super().__init__("Try again. If it stays, tell the admin the time at which it happened.")
