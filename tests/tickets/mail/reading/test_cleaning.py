"""HTML of strangers: what stays to read, and what must not."""

import re

import pytest

from tickets.mail.reading.cleaning import (
    PLACEHOLDER,
    REMOTE_ATTRIBUTE,
    SANDBOX_FLAGS,
    SANDBOX_POLICY,
    SANDBOX_POLICY_WITH_IMAGES,
    clean_html,
    has_remote_images,
    safe_style,
    sandbox_document,
)


def test_what_people_format_stays() -> None:
    table = '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>'
    source = f"<h1>Hi</h1><p><b>bold</b> <em>it</em></p><ul><li>one</li></ul>{table}"
    assert clean_html(source, {}) == source


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<p onclick=alert(1)>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        "<iframe src=https://evil.example></iframe>",
        "<object data=https://evil.example></object>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
        "<style>@import url(https://evil.example)</style>",
        "<link rel=stylesheet href=https://evil.example>",
        '<meta http-equiv=refresh content="0;url=https://evil.example">',
        "<base href=https://evil.example>",
        "<form action=https://evil.example><input name=password><button>ok</button></form>",
        '<p style="background:url(https://evil.example)">',
        '<p style="position:fixed;top:0">',
        '<td background="https://evil.example">',
        "<video src=https://evil.example poster=https://evil.example></video>",
        '<img srcset="https://evil.example 1x">',
        '<p style="width:expression(alert(1))">',
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    ],
)
def test_nothing_acts_loads_or_leaves_its_place(source: str) -> None:
    cleaned = clean_html(f"before {source} after", {})
    assert "before" in cleaned
    bare = re.sub(r'"[^"]*"', '""', cleaned)
    assert "evil.example" not in cleaned
    for word in (
        "script",
        "onerror",
        "onclick",
        "javascript",
        "<iframe",
        "<form",
        "<input",
        "<style",
        "position",
        "url(",
        "srcset",
        "expression",
    ):
        assert word not in bare


def test_remote_images_wait_until_somebody_asks() -> None:
    source = '<img alt="x" src="https://pixel.example/?a=1&amp;b=2" width="1">'
    cleaned = clean_html(source, {})
    assert (
        cleaned
        == f'<img alt="x" src="{PLACEHOLDER}" {REMOTE_ATTRIBUTE}="https://pixel.example/?a=1&amp;b=2" width="1">'
    )
    assert has_remote_images(cleaned)
    assert clean_html(source, {}, remote_images=True) == source
    assert not has_remote_images(clean_html("<p>data-remote-src</p>", {}))


def test_images_of_the_mail_itself_are_shown() -> None:
    cleaned = clean_html(
        '<img src="cid:Logo%401"><img src="CID:pic@1"><img src="cid:unknown">', {"<pic@1>": "/files/1"}
    )
    assert cleaned.count('src="/files/1"') == 1
    assert cleaned.count(PLACEHOLDER) == 2
    inline = '<img src="data:image/png;base64,iVBORw0KGgo=">'
    assert clean_html(inline, {}) == inline


@pytest.mark.parametrize(
    "source",
    [
        "/t/1/delete",
        "//evil.example/x",
        "file:///etc/passwd",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "remote:https://evil.example",
    ],
)
def test_an_image_can_name_nothing_else(source: str) -> None:
    assert clean_html(f'<img src="{source}">', {}) in {f'<img src="{PLACEHOLDER}">', "<img>"}


def test_no_attribute_can_pass_for_another() -> None:
    cleaned = clean_html(
        '<img alt="> <script> src=&quot;remote:https://evil.example&quot;" src="https://a.example/&quot; '
        'onerror=&quot;x">',
        {},
    )
    assert re.fullmatch(r'<img alt="[^"<>]*" src="[^"<>]*" data-remote-src="https://a.example/[^"<>]*">', cleaned)


@pytest.mark.parametrize(
    ("address", "kept"),
    [("mailto:a@example.org", True), ("tel:+1", True), ("data:text/html,x", False), ("cid:a", False)],
)
def test_links_lead_to_pages_mail_and_telephones_only(address: str, kept: bool) -> None:
    assert ("href=" in clean_html(f'<a href="{address}">x</a>', {})) is kept


def test_links_open_outside_and_say_nothing_of_where_they_came_from() -> None:
    assert clean_html('<a href="https://example.org/?a=1&amp;b=2" target="_self" rel="opener">x</a>', {}) == (
        '<a href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">x</a>'
    )


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("color: red; font-weight:bold", "color: red; font-weight: bold"),
        (
            "color: rgb(1, 2, 3); background-color: rgba(0,0,0,.5)",
            "color: rgb(1, 2, 3); background-color: rgba(0,0,0,.5)",
        ),
        ("position:fixed;z-index:9;color:red", "color: red"),
        ("background-color:url(x);color:red", "color: red"),
        ("font-family: image-set('x'); width: calc(1px)", ""),
        ("color: r\\65 d; width: 1px/**/", ""),
        ("margin-left:-1000px;opacity:0", ""),
    ],
)
def test_styles_change_only_how_text_looks(style: str, kept: str) -> None:
    assert safe_style(style) == kept


def test_the_document_is_whole_and_its_policy_loads_nothing() -> None:
    document = sandbox_document(clean_html("<p>Grüße</p>", {}), title='<"x">').decode()
    assert document.startswith("<!doctype html>")
    assert "<p>Grüße</p></body>" in document
    assert "<title>&lt;&quot;x&quot;&gt;</title>" in document
    assert "<script" not in document
    for policy in (SANDBOX_POLICY, SANDBOX_POLICY_WITH_IMAGES):
        assert policy.startswith("default-src 'none'; ")
        assert "script-src" not in policy
        assert policy.endswith(f"sandbox {SANDBOX_FLAGS}")
    assert "https:" not in SANDBOX_POLICY
    assert not {"allow-scripts", "allow-same-origin", "allow-forms", "allow-top-navigation"} & set(
        SANDBOX_FLAGS.split()
    )
