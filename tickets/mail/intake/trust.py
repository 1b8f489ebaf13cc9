"""Whether a sender is who they say: only our own mail server's word counts (RFC 8601)."""

from tickets.mail.reading.mail import AuthResult, Mail


def is_authentic(mail: Mail, authserv_id: str, *, trusted: bool) -> bool:
    """Whether our own server found that From is no forgery.

    `trusted`: the mail came through that server, which takes out fields that others wrote in its name (RFC 8601
    section 5). DMARC decides where it was looked at; else DKIM or SPF for exactly the domain in From does. Of several
    verdicts on one method the topmost counts, since what was there before our server came stands below it.
    """
    if not trusted or not authserv_id or mail.from_ is None:
        return False
    ours = [each for each in mail.authentication if each.authserv_id == authserv_id.lower()]
    dmarc = next((each for each in ours if each.method == "dmarc"), None)
    if dmarc is not None:
        return dmarc.result == "pass" and _is_for(dmarc, mail.from_.domain)
    methods = dict.fromkeys(each.method for each in ours if each.method in {"dkim", "spf"})
    return any(
        first.result == "pass" and _is_for(first, mail.from_.domain)
        for first in (next(each for each in ours if each.method == method) for method in methods)
    )


def _is_for(result: AuthResult, domain: str) -> bool:
    return bool(domain) and result.domain == domain.lower()
