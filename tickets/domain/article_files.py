"""Files of articles: what people see of them, how a text names them, and the service's port."""

from collections.abc import Container
from typing import Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.attachments import MAX_NAME, FileContent, NewFile, safe_name


class ArticleFile(msgspec.Struct, frozen=True):
    """A file of an article; `type` is what its bytes say it is. `shown`: a page may show it as an image.

    The article's text names it as `file:` and its name: `![what it shows](file:menu.png)`.
    """

    id: str
    name: str
    type: str
    size_bytes: int
    shown: bool


class ArticleFileList(msgspec.Struct, frozen=True):
    """The files of an article, in the order in which they came."""

    items: tuple[ArticleFile, ...]


def name_among(given: str, taken: Container[str]) -> str:
    """Return a safe name that is not in `taken`: a number goes before the extension, since texts go by names.

    Parentheses and spaces would need to be masked in Markdown, so neither is added.
    """
    name, number = safe_name(given), 1
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    while name in taken:
        number += 1
        end = f"-{number}{dot}{extension}"
        name = f"{stem[: MAX_NAME - len(end)]}{end}"
    return name


class ArticleFiles(Protocol):
    """Files of articles, for whoever may read the article. All raise NotFound for an article that is not there."""

    async def listed(self, actor: Actor, article: str) -> ArticleFileList:
        """Return the files of an article."""

    async def add(self, actor: Actor, article: str, file: NewFile) -> ArticleFile:
        """Keep a file; one whose name is taken gets another. Raises Invalid when it is empty or there is no room."""

    async def open(self, actor: Actor, article: str, file: str) -> FileContent:
        """Return a file."""

    async def remove(self, actor: Actor, article: str, file: str) -> None:
        """Take a file away."""
