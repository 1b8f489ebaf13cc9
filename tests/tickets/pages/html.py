"""A page as a small tree, and a person without JavaScript who fills in its forms."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from tests.tickets.world import PUBLIC_URL

VOID = frozenset({"meta", "link", "input", "img", "br", "hr", "source", "wbr"})


@dataclass
class Element:
    """A tag with its attributes and what is inside; text is in `parts` too."""

    tag: str
    attributes: dict[str, str]
    parts: "list[Element | str]" = field(default_factory=list)

    def walk(self) -> "Iterator[Element]":
        """Give this element and all below it."""
        yield self
        for part in self.parts:
            if isinstance(part, Element):
                yield from part.walk()

    def all(self, tag: str, **wanted: str) -> "list[Element]":
        """Return the elements with this tag and these attributes."""
        return [
            element
            for element in self.walk()
            if element.tag == tag and all(element.attributes.get(name) == value for name, value in wanted.items())
        ]

    def one(self, tag: str, **wanted: str) -> "Element":
        """Return the only such element."""
        (found,) = self.all(tag, **wanted)
        return found

    def by_id(self, ident: str) -> "Element":
        """Return the element with this id."""
        (found,) = [element for element in self.walk() if element.attributes.get("id") == ident]
        return found

    @property
    def text(self) -> str:
        """The text inside, its white space squeezed."""
        return " ".join(self._raw().split())

    def _raw(self) -> str:
        return "".join(part if isinstance(part, str) else part._raw() for part in self.parts)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].parts.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)


def parse_html(text: str) -> Element:
    """Return the page; fails on a tag that is closed wrongly or not at all."""
    builder = _Builder()
    builder.feed(text)
    builder.close()
    assert len(builder._open) == 1, f"<{builder._open[-1].tag}> is not closed"
    return builder.root


@dataclass
class Person:
    """Somebody with a browser in which JavaScript is off: follows links, fills in forms, keeps cookies."""

    client: httpx.AsyncClient
    at: str = "/"
    response: httpx.Response | None = None

    @property
    def page(self) -> Element:
        """What is on the screen."""
        assert self.response is not None
        return parse_html(self.response.text)

    @property
    def status(self) -> int:
        """The last answer's status."""
        assert self.response is not None
        return self.response.status_code

    async def go(self, path: str) -> Element:
        """Open an address and follow redirects."""
        return await self._take(await self.client.get(path))

    async def send(self, action: str, button: str = "", /, **values: str) -> Element:
        """Fill in and send the form that posts to `action`, by the button whose text holds `button`."""
        form = self.page.one("form", method="post", action=action)
        fields = filled(form) | values
        outside = [each for each in self.page.walk() if each.attributes.get("form", "") == form.attributes.get("id")]
        unknown = set(values) - {element.attributes.get("name") for element in (*form.walk(), *outside)}
        assert not unknown, f"the form has no field {unknown}"
        (pressed,) = [
            each for each in form.all("button") if button in each.text and each.attributes["type"] == "submit"
        ]
        if "name" in pressed.attributes:
            fields[pressed.attributes["name"]] = pressed.attributes["value"]
        response = await self.client.post(action, data=fields, headers={"origin": PUBLIC_URL})
        return await self._take(response)

    async def _take(self, response: httpx.Response) -> Element:
        for _ in range(5):
            if response.status_code not in {302, 303, 307}:
                break
            target = urljoin(str(response.url), response.headers["location"])
            response = await self.client.get(target)
        self.response = response
        self.at = response.url.raw_path.decode()
        return self.page


def filled(form: Element) -> dict[str, str]:
    """Return what a browser would send of a form as it stands."""
    found: dict[str, str] = {}
    for element in form.walk():
        name = element.attributes.get("name")
        if name is None or element.tag == "button":
            continue
        if element.tag == "textarea":
            found[name] = "".join(part for part in element.parts if isinstance(part, str)).removeprefix("\n")
        elif element.tag == "select":
            chosen = [option for option in element.all("option") if "selected" in option.attributes]
            found[name] = (chosen or element.all("option"))[0].attributes["value"]
        elif element.attributes.get("type") in {"radio", "checkbox"}:
            if "checked" in element.attributes:
                found[name] = element.attributes["value"]
        else:
            found[name] = element.attributes.get("value", "")
    return found
