"""Checks of `tickets/pages/`: what strangers wrote is text, cookies, forms, redirects."""

from tests.mutants.mutant import Mutant

_PAGE_TESTS = "tests/tickets/pages"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "words of strangers are HTML",
        "tickets/pages/site.py",
        "autoescape=True",
        "autoescape=False",
        f"{_PAGE_TESTS}/test_hostile.py::test_hostile_words_are_text_on_every_page",
    ),
    Mutant(
        "articles keep any HTML that Markdown makes",
        "tickets/pages/markdown.py",
        "nh3.clean(",
        "(lambda text, **_: text)(",
        f"{_PAGE_TESTS}/test_parts.py::test_links_of_articles_keep_to_the_web",
    ),
    Mutant(
        "the login leads to any site",
        "tickets/pages/routes/account.py",
        "if len(wanted) > 300 or not _INSIDE.match(wanted)",
        "if False",
        f"{_PAGE_TESTS}/test_login.py::test_the_login_leads_nowhere_else",
    ),
    Mutant(
        "the choice of a language leads to any site",
        "tickets/pages/routes/languages.py",
        'if back.startswith("/") and not back.startswith("//") and "\\\\" not in back and back.isprintable():',
        "if back:",
        f"{_PAGE_TESTS}/test_language.py::test_the_choice_leads_to_no_other_site",
    ),
    Mutant(
        "texts for browser modules can end their element",
        "tickets/pages/language.py",
        '.replace("<", "\\\\u003c")',
        "",
        f"{_PAGE_TESTS}/test_language.py::test_browser_modules_get_the_sentences_of_a_language",
    ),
    Mutant(
        "pages do not ask the table of rights",
        "tickets/pages/routing.py",
        "        check(actor, requirement.action, *requirement.things)\n",
        "",
        f"{_PAGE_TESTS}/test_routing.py::test_the_table_is_asked_before_the_endpoint",
    ),
    Mutant(
        "any technician gets the viewer",
        "tickets/pages/routes/ticket.py",
        "if Action.OPEN_SESSION in ticket.allowed:",
        "if True:",
        f"{_PAGE_TESTS}/test_console.py::test_the_viewer_opens_for_the_assigned_technician_only",
    ),
    Mutant(
        "forms may be of any size",
        "tickets/pages/forms.py",
        "if len(body) > MAX_FORM_BYTES:",
        "if False:",
        f"{_PAGE_TESTS}/test_forms.py::test_a_body_over_the_limit_is_refused",
    ),
    Mutant(
        "articles link anywhere",
        "tickets/pages/markdown.py",
        "url_schemes=_SCHEMES,",
        'url_schemes=_SCHEMES | {"ftp"},',
        f"{_PAGE_TESTS}/test_parts.py::test_links_of_articles_keep_to_the_web",
    ),
    Mutant(
        "scripts read the cookie",
        "tickets/pages/routes/account.py",
        "max_age=LOGIN_S, secure=True, httponly=True",
        "max_age=LOGIN_S, secure=True, httponly=False",
        f"{_PAGE_TESTS}/test_login.py::test_the_cookie_is_out_of_reach",
    ),
    Mutant(
        "the cookie goes without TLS",
        "tickets/pages/routes/account.py",
        "max_age=LOGIN_S, secure=True",
        "max_age=LOGIN_S, secure=False",
        f"{_PAGE_TESTS}/test_login.py::test_the_cookie_is_out_of_reach",
    ),
    Mutant(
        "the cookie goes with requests of other sites",
        "tickets/pages/routes/account.py",
        'max_age=LOGIN_S, secure=True, httponly=True, samesite="lax"',
        'max_age=LOGIN_S, secure=True, httponly=True, samesite="none"',
        f"{_PAGE_TESTS}/test_login.py::test_the_cookie_is_out_of_reach",
    ),
    Mutant(
        "another host name may set the cookie",
        "tickets/web/asking.py",
        'COOKIE: Final = "__Host-towline"',
        'COOKIE: Final = "towline"',
        f"{_PAGE_TESTS}/test_login.py::test_the_cookie_is_out_of_reach",
    ),
    Mutant(
        "forms may be of any kind",
        "tickets/pages/forms.py",
        'if kind not in {"application/x-www-form-urlencoded", ""}:',
        "if False:",
        f"{_PAGE_TESTS}/test_forms.py::test_another_kind_of_body_is_refused",
    ),
    Mutant(
        "forms may have any number of fields",
        "tickets/pages/forms.py",
        "max_num_fields=most",
        "max_num_fields=None",
        f"{_PAGE_TESTS}/test_forms.py::test_too_many_fields_are_refused",
    ),
    Mutant(
        "endpoints need no declaration",
        "tickets/pages/routing.py",
        "    if requirement is None:\n        raise TypeError",
        "    if False:\n        raise TypeError",
        f"{_PAGE_TESTS}/test_routing.py::test_an_endpoint_that_declares_nothing_becomes_no_route",
    ),
)
