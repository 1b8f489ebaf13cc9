"""What every page says to the browser about itself."""

from typing import Final

_COMMON: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)


def content_security_policy(public_url: str, *, viewer: bool = False) -> str:
    """Return the policy: nothing inline, nothing from elsewhere.

    The websocket's origin is spelled out, since older browsers do not read it into 'self'. The `viewer` page runs a
    worker of ours and shows pictures that it made itself.
    """
    socket = public_url.replace("http", "ws", 1)
    pictures = "img-src 'self' blob: data:" if viewer else "img-src 'self'"
    policy = (*_COMMON, pictures, f"connect-src 'self' {socket}")
    return "; ".join((*policy, "worker-src 'self'") if viewer else policy)


def page_headers(public_url: str, *, viewer: bool = False, private: bool = True) -> dict[str, str]:
    """Return the headers of a page; a `private` one is kept by no cache, so that nothing shows after a logout.

    The referrer policy is not `no-referrer`: that would make browsers send `Origin: null` with our own forms.
    """
    return {
        "content-security-policy": content_security_policy(public_url, viewer=viewer),
        "cache-control": "no-store" if private else "no-cache",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    }
