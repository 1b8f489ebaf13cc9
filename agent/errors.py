"""What can go wrong at the end user's computer; every text is for people and says what to do next."""


class AgentError(Exception):
    """Root of the tree; `str()` is one line that may be shown as it is."""


class CaptureUnavailable(AgentError):
    """The screen cannot be seen: no display, no permission, or the display went away."""


class InputUnavailable(AgentError):
    """Mouse and keyboard cannot be driven on this display."""


class ApiError(AgentError):
    """The server's HTTP API said no or could not be reached; `status` is 0 when there was no answer."""

    def __init__(self, text: str, *, status: int = 0, slug: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.slug = slug


class Unreachable(ApiError):
    """No answer came, or the server is not trusted."""


class TicketNotFound(ApiError):
    """Unknown number, closed ticket, or not this person's: the server makes no difference."""


class ServerChanged(AgentError):
    """The server shows another organisation key than the one pinned at first contact."""


class StateUnusable(AgentError):
    """The folder with keys and secrets cannot be read or written."""


class SessionLost(AgentError):
    """The connection of a session went away without a word."""


class Refused(AgentError):
    """The server does not accept this agent for this ticket (any more)."""


class Superseded(AgentError):
    """The same agent was started again for this ticket; the newer one goes on."""
