"""The small parts: words about time, access keys, Markdown, static files, contrast of colours."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.tickets.world import World
from tickets.domain.article_files import ArticleFile
from tickets.domain.values import Asset, Channel, QueueView, Status, Urgency
from tickets.pages import words
from tickets.pages.access_keys import InvalidAccessKey, parse_access_key, split_link
from tickets.pages.markdown import file_address, render_markdown
from tickets.pages.site import STATIC, nav_link
from tickets.pages.static_files import read_folder
from tickets.pages.times import ago, clock

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEY = "abcDEF_-" + "0" * 35


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"), (59, "just now"), (60, "1 minute ago"), (3_599, "59 minutes ago"), (3_600, "1 hour ago"),
        (86_399, "23 hours ago"), (86_400, "1 day ago"), (13 * 86_400, "13 days ago"), (14 * 86_400, "10 Nov 2026"),
    ],
)  # fmt: skip
def test_ago(seconds: int, text: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_clock() -> None:
    assert clock(datetime(2026, 3, 4, 5, 6, tzinfo=UTC)) == "4 Mar 2026, 05:06 UTC"


def test_nav_link_marks_the_page_and_what_is_below_it() -> None:
    assert "aria-current" in nav_link("/articles", "A", "/articles/x")
    assert "aria-current" in nav_link("/console", "A", "/console")
    assert "aria-current" not in nav_link("/console", "A", "/console/new")
    assert "aria-current" not in nav_link("/articles", "A", "/articlesx")
    assert "&lt;b&gt;" in nav_link("/", "<b>", "/")


def test_there_are_words_for_every_value() -> None:
    assert set(words.STATUS) == set(words.MOVE) == set(Status)
    assert set(words.URGENCY) == {value for value, *_ in words.URGENCY_CHOICES} == set(Urgency)
    assert set(words.ASSET) == set(Asset)
    assert set(words.CHANNEL) == set(Channel)
    assert {view for view, _ in words.VIEWS} == set(words.NOTHING) == set(QueueView)


@pytest.mark.parametrize(
    "text", [KEY, f" {KEY}\n", f"https://a.example/t/TL-0000-0000#{KEY}", f"{KEY[:20]}\n{KEY[20:]}"]
)
def test_an_access_key_is_read_as_people_paste_it(text: str) -> None:
    assert parse_access_key(text) == KEY


@pytest.mark.parametrize("text", ["", "#", KEY[:-1], f"{KEY}0", f"{KEY[:-1]}!", f"{KEY}#x"])
def test_what_is_no_access_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidAccessKey) as caught:
        parse_access_key(text)
    assert KEY[:-1] not in str(caught.value)


def test_split_link() -> None:
    assert split_link(f" https://a.example/t/TL-0000-0000#{KEY} ") == ("TL-0000-0000", KEY)
    assert split_link("tl 0000 0000") == ("tl 0000 0000", "")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# One\n\n## Two\n\n###### Six", "<h2>One</h2>\n<h3>Two</h3>\n<h6>Six</h6>\n"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("![x](https://evil.example/p.png)", "<p>x</p>\n"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n"),
        ("~~a~~ `b`", "<p><s>a</s> <code>b</code></p>\n"),
        ("&lt;b&gt; <b onclick=x>", "<p>&lt;b&gt; &lt;b onclick=x&gt;</p>\n"),
    ],
)
def test_markdown(text: str, html: str) -> None:
    assert render_markdown(text) == html


_OURS = "/api/v1/articles/A1/files"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("![The **menu**](file:menu.png)", f'<img src="{_OURS}/F1" alt="The menu" loading="lazy">'),
        ("![x](<file:my form.pdf>)", "x"),
        ("![x](file:none.png)", "x"),
        ("![x](file:///etc/passwd)", "x"),
        ("![x](https://evil.example/p.png)", "x"),
        ("![x](//evil.example/p.png)", "x"),
        (f"![x]({_OURS}/F9)", "x"),
        ("![x](/console)", "x"),
        ("![x](data:image/png;base64,AAAA)", "x"),
    ],
)
def test_pictures_of_articles_are_their_own(text: str, html: str) -> None:
    files = (
        ArticleFile("F1", "menu.png", "image/png", 1, True),
        ArticleFile("F2", "my form.pdf", "application/pdf", 1, False),
    )
    assert render_markdown(text, "A1", files) == f"<p>{html}</p>\n"


def test_links_of_articles_lead_to_their_files() -> None:
    files = (ArticleFile("F2", "my form.pdf", "application/pdf", 1, False),)
    html = render_markdown(f"[form]({file_address('my form.pdf')}) [none](file:none)", "A1", files)
    assert f'<a href="{_OURS}/F2"' in html
    assert html.count("href") == 1


@pytest.mark.parametrize(
    "name", ["menu.png", "my form (2).pdf", "50%25.txt", "a&amp;b.png", "Prüfung.png", "a_b*c.png"]
)
def test_the_address_of_a_file_finds_it(name: str) -> None:
    html = render_markdown(f"![x]({file_address(name)})", "A1", (ArticleFile("F1", name, "image/png", 1, True),))
    assert f'src="{_OURS}/F1"' in html


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///x"]
)
def test_markdown_links_lead_nowhere_dangerous(address: str) -> None:
    assert "<a" not in render_markdown(f"[x]({address})") or "href" not in render_markdown(f"[x]({address})")
    assert f'href="{address}' not in render_markdown(f"[x](<{address}>)")
    assert 'href="https://fine.example"' in render_markdown("[x](https://fine.example)")
    assert "noopener" in render_markdown("[x](https://fine.example)")


def test_links_of_articles_keep_to_the_web() -> None:
    assert "href" not in render_markdown("[x](ftp://files.example/x)")
    assert 'href="mailto:help@desk.example"' in render_markdown("[x](mailto:help@desk.example)")


async def test_static_files_have_an_etag_of_their_content(world: World) -> None:
    for name, file in read_folder(STATIC).items():
        answer = await world.client.get(f"/static/pages/{name}")
        assert (answer.status_code, answer.content) == (200, (STATIC / name).read_bytes())
        assert answer.headers["content-type"] == file.media_type
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["x-content-type-options"] == "nosniff"
        tag = answer.headers["etag"]
        for known in (tag, f'"other", {tag}', f"W/{tag}"):
            again = await world.client.get(f"/static/pages/{name}", headers={"if-none-match": known})
            assert (again.status_code, again.content) == (304, b"")
        changed = await world.client.get(f"/static/pages/{name}", headers={"if-none-match": '"other"'})
        assert changed.status_code == 200


@pytest.mark.parametrize("path", ["", "none.js", "../site.py", "..%2fsite.py", "%2e%2e/site.py", "/etc/passwd", "a\0b"])
async def test_no_other_file_is_served(world: World, path: str) -> None:
    answer = await world.client.get(f"/static/pages/{path.replace(chr(0), '%00')}")
    assert answer.status_code == 404
    assert "import" not in answer.text


def test_every_file_that_a_page_names_is_there() -> None:
    templates = (STATIC.parent / "templates").rglob("*.html")
    named = {name for path in templates for name in re.findall(r"/static/pages/([\w.-]+)", path.read_text("utf-8"))}
    imported = {
        name for path in STATIC.glob("*.js") for name in re.findall(r'from "\./([\w.-]+)"', path.read_text("utf-8"))
    }
    # A service worker reaches as far as its own address: it has one of its own below the console.
    workers = {
        name for path in STATIC.glob("*.js") for name in re.findall(r'"/console/([\w-]+\.js)"', path.read_text("utf-8"))
    }
    assert named | imported | workers == set(read_folder(STATIC))


# Text colour, background colour: where the style sheet puts the one on the other.
PAIRS = [
    (text, ground)
    for text, grounds in {
        "ink": ("ground", "surface", "sunken", "accent-wash", "bad-wash", "warn-wash", "note-wash", "good-wash"),
        "muted": ("ground", "surface", "accent-wash"),
        "accent": ("ground", "surface", "accent-wash", "bad-wash"),
        "accent-strong": ("surface", "accent-wash"),
        "bad-ink": ("surface", "bad-wash"),
        "warn-ink": ("warn-wash", "note-wash"),
        "good-ink": ("surface", "good-wash"),
    }.items()
    for ground in grounds
] + [("on-accent", "accent"), ("on-accent", "accent-strong")]
OUTLINES = [("control-line", "surface"), ("control-line", "ground"), ("focus", "surface"), ("focus", "ground")]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_apart(scheme: str) -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    css = (STATIC / "towline.css").read_text("utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark if scheme == "dark" else light))
    weak = {
        (text, ground): round(found, 2)
        for pairs, least in ((PAIRS, 4.5), (OUTLINES, 3.0))
        for text, ground in pairs
        if (found := contrast(colours[text], colours[ground])) < least
    }
    assert weak == {}
