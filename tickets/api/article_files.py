"""`/articles/{article}/files`: what an article shows and hands out."""

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tickets.api.attachments import FILE_BODY, NAME_PARAMETER
from tickets.api.offer import Asking, Desk, answer, offer
from tickets.domain.access import Action, Thing
from tickets.domain.article_files import ArticleFile, ArticleFileList
from tickets.web.downloads import FILE_TYPES, file_answer
from tickets.web.uploads import MAX_UPLOAD_BYTES, receive_file

router: Final = APIRouter(tags=["articles"])


@offer(
    router, "GET", "/articles/{article}/files", Action.READ, Thing.ARTICLES,
    summary="List an article's files", gives=ArticleFileList,
)  # fmt: skip
async def list_article_files(article: str, desk: Desk, actor: Asking) -> Response:
    """For whoever may read the article."""
    return answer(await desk.article_files.listed(actor, article))


@offer(
    router, "POST", "/articles/{article}/files", Action.EDIT, Thing.ARTICLES,
    summary="Add a file to an article", gives=ArticleFile, status=HTTPStatus.CREATED, max_body=MAX_UPLOAD_BYTES,
    described={"requestBody": {"required": True, "content": FILE_BODY}, "parameters": [NAME_PARAMETER]},
)  # fmt: skip
async def add_article_file(request: Request, article: str, desk: Desk, actor: Asking) -> Response:
    """One file in a form, or its bytes with the header X-File-Name. The answer says by which name the text calls it."""
    async with receive_file(request, desk.attachments.receive) as file:
        added = await desk.article_files.add(actor, article, file)
    return answer(added, HTTPStatus.CREATED)


@offer(
    router, "GET", "/articles/{article}/files/{file}", Action.READ, Thing.ARTICLES,
    summary="Get a file of an article", gives_bytes=FILE_TYPES,
)  # fmt: skip
async def get_article_file(article: str, file: str, desk: Desk, actor: Asking) -> Response:
    """To be saved; only images of known kinds may be shown. For whoever may read the article."""
    return file_answer(await desk.article_files.open(actor, article, file))


@offer(
    router, "DELETE", "/articles/{article}/files/{file}", Action.EDIT, Thing.ARTICLES,
    summary="Take a file away from an article", status=HTTPStatus.NO_CONTENT,
)  # fmt: skip
async def remove_article_file(article: str, file: str, desk: Desk, actor: Asking) -> Response:
    """From all its revisions: files belong to the article."""
    await desk.article_files.remove(actor, article, file)
    return Response(status_code=HTTPStatus.NO_CONTENT)
