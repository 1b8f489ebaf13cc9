"""HTML as text, with quotes and signatures marked so that trimming finds them."""

import pytest

from tickets.mail.reading.html_text import html_to_text
from tickets.mail.reading.trimming import trim

_QUOTES = {
    "Gmail": '<div class="gmail_quote"><div class="gmail_attr">On 24 Nov 2026 Kim wrote:<br></div><blockquote>'
    "old</blockquote></div>",
    "Apple Mail": "<div><br><blockquote type=cite><div>On 24 Nov 2026, Kim wrote:</div><div>old</div>"
    "</blockquote></div>",
    "Outlook on the web": '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Kim<br><b>'
    "Sent:</b> Tuesday</div><div>old</div>",
    "Outlook": "<div style='border-top:solid'><p><b>From:</b> Kim &lt;kim@example.net&gt;<br><b>Sent:</b> "
    "Tuesday<br><b>To:</b> Ann<br><b>Subject:</b> x</p></div><p>old</p>",
    "new Outlook": '<div id="mail-editor-reference-message-container"><p>From Kim</p><p>old</p></div>',
    "Yahoo": '<div class="yahoo_quoted">Kim, yesterday<div>old</div></div>',
    "Thunderbird": '<div class="moz-cite-prefix">On 24.11.26 09:00, Kim wrote:<br></div><blockquote type="cite">'
    "<p>old</p></blockquote>",
    "Proton": '<div class="protonmail_quote">----<br>old</div>',
}


@pytest.mark.parametrize("program", _QUOTES)
def test_quotes_of_many_programs_are_found(program: str) -> None:
    trimmed = trim(html_to_text(f"<div>It works.</div><div>Thanks</div><br>{_QUOTES[program]}"))
    assert trimmed.said == "It works.\nThanks"
    assert "old" in trimmed.quoted


def test_signatures_are_found() -> None:
    text = html_to_text('<div>It works.</div><div class="gmail_signature">Ann<br>+1 234</div>')
    assert (trim(text).said, trim(text).signature.split()) == ("It works.", ["--", "Ann", "+1", "234"])


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<p>a \n  b&nbsp;c</p>", "a b c"),
        ("<ol><li>a<li>b</ol>", "- a\n- b"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc"),
        ('<a href="https://example.org/x">here</a>', "here <https://example.org/x>"),
        ('<a href="https://example.org/">https://example.org</a>', "https://example.org"),
        ('<a href="mailto:a@example.org">a@example.org</a>', "a@example.org"),
        ('<img alt="Logo"><img>', "[Logo]"),
        ("<style>p{}</style><script>x</script><title>t</title><!-- c -->a", "a"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>\n>> b"),
        ("&lt;b&gt; &amp; &euro;", "<b> & €"),
        ("<hr>a", "---\na"),
        ("</p></div>a<div><p>b", "a\n\nb"),
    ],
)
def test_html_reads_as_people_see_it(html: str, text: str) -> None:
    assert html_to_text(html) == text
