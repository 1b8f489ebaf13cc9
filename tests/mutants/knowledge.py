"""Checks of the knowledge base: who sees which article, and what an article made of a ticket does not say."""

from tests.mutants.mutant import Mutant

_API = "tests/tickets/api/test_articles.py"
_FILES = "tests/tickets/api/test_article_files.py"
_PAGES = "tests/tickets/pages/test_articles.py"
_INDEX = "tests/tickets/store/search/test_search.py"
_SERVICE = "tickets/services/articles.py"
_KNOWLEDGE = "tickets/services/knowledge.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "strangers find internal articles",
        _SERVICE,
        "return (PUBLIC,) if state in {None, ArticleState.PUBLISHED} else ()",
        "return _STAFF_SCOPES",
        f"{_API}::test_a_search_for_what_everybody_may_read_tells_nothing_of_the_rest",
    ),
    Mutant(
        "strangers read drafts",
        _SERVICE,
        "if row is None or not (row.scope == PUBLIC or reads_internal(actor)):",
        "if row is None:",
        f"{_API}::test_an_article_goes_through_its_states",
    ),
    Mutant(
        "a search looks into every scope",
        "tickets/store/search/index.py",
        ".where(engine.meets(index, groups), documents.c.scope.in_(list(scopes)))",
        ".where(engine.meets(index, groups))",
        f"{_INDEX}::test_only_the_scopes_that_were_named_are_searched",
    ),
    Mutant(
        "public pages show a technician what is internal",
        "tickets/pages/routes/reading.py",
        "found = await articles.search(ANONYMOUS,",
        "found = await articles.search(_actor,",
        f"{_PAGES}::test_the_public_pages_show_nothing_internal_to_technicians_either",
    ),
    Mutant(
        "internal articles are sent to requesters",
        _KNOWLEDGE,
        "if article.scope != PUBLIC:",
        "if False:",
        f"{_API}::test_what_the_requester_can_not_read_is_not_sent",
    ),
    Mutant(
        "articles name the people of their ticket",
        _KNOWLEDGE,
        "people=await self._people(connection, row)",
        "people=()",
        f"{_API}::test_a_solved_ticket_becomes_a_redacted_draft",
    ),
    Mutant(
        "what was taken out of an article is kept",
        _SERVICE,
        "                await article_redactions.remove(connection, row.id)\n",
        "                pass\n",
        f"{_API}::test_a_solved_ticket_becomes_a_redacted_draft",
    ),
    Mutant(
        "searches that find nothing keep addresses",
        _SERVICE,
        "(plain,) = redact([q]).texts",
        "plain = q",
        f"{_API}::test_searches_that_find_nothing_are_listed_without_anything_personal",
    ),
    Mutant(
        "passwords stay in redacted texts",
        "tickets/domain/redaction.py",
        "if end > start and free and rule.accept(text[start:end]):",
        "if rule.kind is not Kind.SECRET and end > start and free and rule.accept(text[start:end]):",
        "tests/tickets/domain/test_redaction.py::test_it_is_taken_out_and_listed",
    ),
    Mutant(
        "files of drafts are for everybody",
        "tickets/services/article_files.py",
        """            row = await visible(connection, actor, article)
            found = await article_file_store.by_id(connection, row.id, file)""",
        """            found = await article_file_store.by_id(connection, article, file)""",
        f"{_FILES}::test_a_file_is_seen_by_whoever_may_read_its_article",
    ),
    Mutant(
        "a public article leads to the files of others",
        "tickets/store/article_files.py",
        "select(article_files).where(article_files.c.article_id == article, article_files.c.id == ident)",
        "select(article_files).where(article_files.c.id == ident)",
        f"{_FILES}::test_a_public_article_leads_to_no_file_of_another",
    ),
    Mutant(
        "articles show pictures of other servers",
        "tickets/pages/markdown.py",
        "if ours is None:",
        "if ours is None and not (ours := address):",
        "tests/tickets/pages/test_parts.py::test_pictures_of_articles_are_their_own",
    ),
    Mutant(
        "files of articles are cleared away",
        "tickets/store/attachments.py",
        "        exists().where(article_files.c.content == files.c.content),\n",
        "",
        f"{_FILES}::test_bytes_that_an_article_has_are_kept_and_others_cleared_away",
    ),
)
