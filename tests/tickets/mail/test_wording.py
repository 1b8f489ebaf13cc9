"""The small language of mails: what it takes, what it refuses and where, and that nothing in it runs long."""

import time
from dataclasses import replace

import pytest

from tickets.domain.values import Urgency
from tickets.mail.wording import MAX_SOURCE, Wording, WordingFault, check_wording, parse_wording, render_wording
from tickets.mail.writing import (
    LANGUAGES,
    NAMES,
    SAMPLE,
    TEMPLATES,
    MailKind,
    built_in,
    language_of,
    try_wording,
    write,
)

REPLY = built_in(MailKind.REPLY, "en")


def tried(part: str, source: str) -> str:
    """Return what a part of the wording of a reply makes."""
    written = try_wording(MailKind.REPLY, "en", replace(REPLY, **{part: source}))
    return str(getattr(written, part))


def fault_of(part: str, source: str) -> WordingFault:
    """Return what is wrong with it."""
    with pytest.raises(WordingFault) as caught:
        tried(part, source)
    return caught.value


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MailKind)
def test_every_built_in_wording_is_of_the_small_language(kind: MailKind, language: str) -> None:
    wording = built_in(kind, language)
    written = try_wording(kind, language, wording)
    assert written.subject
    assert f'<html lang="{language}">' in written.html
    # The other side of it: each has the links and words that its reader needs.
    if kind in {MailKind.CONFIRMATION, MailKind.REPLY, MailKind.SOLUTION, MailKind.LINK, MailKind.MY}:
        assert "\x01" in written.text
        assert "\x01" in written.html
    assert {path.name for path in (TEMPLATES / language).iterdir()} == {f"{each}.mail" for each in MailKind}


def test_languages_say_different_things() -> None:
    for kind in MailKind:
        assert built_in(kind, "en") != built_in(kind, "de")
    assert write(MailKind.NEW, SAMPLE, "de").text != write(MailKind.NEW, SAMPLE, "en").text
    assert "Dringend" in write(MailKind.NEW, replace(SAMPLE, urgency=Urgency.HIGH), "de").text


def test_the_readers_language_comes_first() -> None:
    assert language_of("de-AT", "en") == "de"
    assert language_of("fr", "de") == "de"
    assert language_of(None, "de") == "de"
    assert language_of(None, "xx") == "en"


def test_words_ifs_and_filters_work() -> None:
    assert tried("text", "{{ title|upper }}") == "THE PRINTER SAYS <NO>\n"
    assert tried("text", "{% if who %}{{ who }}{% else %}nobody{% endif %}") == "Ada Lovelace\n"
    assert tried("text", "{{ 'a' if said == 'x' else 'b' ~ tracking }}") == f"b{SAMPLE.tracking}\n"
    assert "The printer says &lt;no&gt;" in tried("html", "<p>{{ title }}</p>")
    assert 'href="https://x.example"' in tried("html", "<a href='https://x.example'>x</a>".replace("'", '"'))


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("one\ntwo {{ foo }}", 2, "there is no {{ foo }} in this mail. There are: category, link"),
        ("{% for x in said %}{{ x }}{% endfor %}", 1, "for is not for mails"),
        ("{% set a = said %}", 1, "assign is not for mails"),
        ("{% macro a() %}{% endmacro %}", 1, "macro is not for mails"),
        ("{% include 'x' %}", 1, "include is not for mails"),
        ("{{ said.upper() }}", 1, "is not for mails"),
        ("{{ ''.__class__ }}", 1, "getattr is not for mails"),
        ("{{ said[0] }}", 1, "getitem is not for mails"),
        ("{{ said * 999999999 }}", 1, "mul is not for mails"),
        ("{{ said is defined }}", 1, "test is not for mails"),
        ("{{ said|replace('a', 'b') }}", 1, "there is no filter replace here"),
        ("{{ said|center(999999999) }}", 1, "there is no filter center here"),
        ("{{ said|button('x') }}", 1, "there is no filter button here"),
        ("{{ said|truncate(said) }}", 1, "plain values only"),
        ("{{ said|truncate('x') }}", 0, "can't be worked out"),
        ("ok\n\n{{ said", 3, "unexpected"),
        ("{{ link|upper }}", 1, "breaks a link"),
        ("{{ (said ~ link)|truncate(30) }}", 1, "breaks a link"),
        ("   ", 0, "write something"),
        ("x" * (MAX_SOURCE + 1), 0, "shorten it"),
        ("{{ cycler }}", 1, "there is no {{ cycler }}"),
        ("{{ self }}", 1, "there is no {{ self }}"),
    ],
)
def test_what_is_refused_and_where(source: str, line: int, says: str) -> None:
    fault = fault_of("text", source)
    assert (fault.part, fault.line) == ("text", line)
    assert says in str(fault)
    assert "\n" not in str(fault)


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<p onclick='x()'>a</p>",
        "<img src='https://evil.example/x.png'>",
        "<img src='cid:x'/>",
        "<p style='background:url(https://evil.example)'>a</p>",
        "<iframe></iframe>",
        "<form action='https://evil.example'></form>",
        "<a href='javascript:alert(1)'>a</a>",
        "<a href=' JAVA\tscript:alert(1)'>a</a>",
        "<svg><a></a></svg>",
        "<meta http-equiv='refresh' content='0'>",
    ],
)
def test_html_that_runs_or_loads_is_refused(html: str) -> None:
    assert fault_of("html", html).part == "html"
    assert tried("html", "<p style='color:red'><a href='https://x.example'>a</a></p>")


def test_a_link_has_no_place_in_a_subject() -> None:
    assert "no place in a subject" in str(fault_of("subject", "{{ link }}"))
    assert tried("subject", "{{ tracking }}") == SAMPLE.tracking


@pytest.mark.parametrize(
    "source",
    [
        "{{ " + "(" * 3_000 + "said" + ")" * 3_000 + " }}",
        "{{ " + "not " * 4_000 + "said }}",
        "{% if said %}" * 500 + "{% endif %}" * 500,
        "{{ said ~ " * 1_500 + "said" + " }}" * 1_500,
    ],
)
def test_what_is_nested_without_end_is_a_fault(source: str) -> None:
    begun = time.monotonic()
    assert fault_of("text", source).part == "text"
    assert time.monotonic() - begun < 5


def test_what_a_wording_makes_has_a_bound() -> None:
    long = replace(SAMPLE, said="x" * 20_000)
    greedy = replace(REPLY, text="{{ said }}" * 1_900)
    check_wording(greedy, NAMES[MailKind.REPLY])
    with pytest.raises(WordingFault, match="too large"):
        try_wording(MailKind.REPLY, "en", greedy, long)
    # The mail itself goes out, in the built-in words.
    assert write(MailKind.REPLY, long, "en", greedy).text == write(MailKind.REPLY, long, "en").text
    assert write(MailKind.REPLY, long, "en", replace(REPLY, text="Hello")).text == "Hello\n"


def test_a_subject_is_one_line() -> None:
    made = render_wording(Wording("a\nb {{ title }}", "t", "h"), {"title": "c\nd"})
    assert made.subject == "a b c d"


@pytest.mark.parametrize("source", ["", "Hello\n", "Subject: a\n\ntext only"])
def test_a_file_that_is_no_wording_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="begins with its subject"):
        parse_wording(source)
    assert parse_wording("Subject: a\n\nb\n\n--- HTML ---\n\nc\n") == Wording("a", "b", "c")
