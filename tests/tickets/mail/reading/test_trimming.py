"""What was said is told from what is repeated, in many languages, and nothing is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.mail.reading.trimming import PieceKind, trim

_ATTRIBUTIONS = {
    "en": "On Tue, Nov 24, 2026 at 9:00 AM Kim Lee <kim@example.net> wrote:",
    "en, wrapped": "On Tue, Nov 24, 2026 at 9:00 AM Kim Lee <\nkim@example.net> wrote:",
    "de": "Am 24.11.2026 um 09:00 schrieb Kim Lee:",
    "de, Gmail": "Kim Lee <kim@example.net> schrieb am Di., 24. Nov. 2026,\n09:00:",
    "fr": "Le mar. 24 nov. 2026 à 09:00, Kim Lee <kim@example.net> a écrit :",
    "es": "El mar, 24 nov 2026 a las 9:00, Kim Lee (<kim@example.net>) escribió:",
    "it": "Il giorno mar 24 nov 2026 alle ore 09:00 Kim Lee <kim@example.net> ha scritto:",
    "nl": "Op di 24 nov. 2026 om 09:00 schreef Kim Lee <kim@example.net>:",
    "pt": "Em ter., 24 de nov. de 2026 às 09:00, Kim Lee <kim@example.net> escreveu:",
    "pl": "wt., 24 lis 2026 o 09:00 Kim Lee <kim@example.net> napisał(a):",
    "pl, Thunderbird": "W dniu 24.11.2026 o 09:00, Kim Lee pisze:",
    "ru": "вт, 24 нояб. 2026 г. в 09:00, Kim Lee <kim@example.net>:\n24.11.2026 09:00, Kim Lee пишет:",
    "uk": "24 лист. 2026 р. 09:00 Kim Lee <kim@example.net> пише:",
    "sv": "Den tis 24 nov. 2026 kl 09:00 skrev Kim Lee <kim@example.net>:",
    "da": "Den tir. 24. nov. 2026 kl. 09.00 skrev Kim Lee <kim@example.net>:",
    "nb": "tir. 24. nov. 2026 kl. 09:00 skrev Kim Lee <kim@example.net>:",
    "fi": "ti 24. marrask. 2026 klo 9.00 Kim Lee (kim@example.net) kirjoitti:",
    "cs": "út 24. 11. 2026 v 9:00 odesílatel Kim Lee <kim@example.net> napsal:",
    "ja": "2026年11月24日(火) 9:00 Kim Lee <kim@example.net>:\n2026年11月24日 9:00 Kim Lee のメール:",
    "zh": "在 2026年11月24日,09:00,Kim Lee <kim@example.net> 写道:",
    "ko": "2026년 11월 24일 (화) 오전 9:00, Kim Lee <kim@example.net>님이 작성:",
    "tr": "Kim Lee <kim@example.net>, 24 Kas 2026 Sal, 09:00 tarihinde şunu yazdı:",
    "hu": "Kim Lee <kim@example.net> ezt írta (időpont: 2026. nov. 24., K, 9:00):",
    "Outlook for phones": "________________________________\nFrom: Kim Lee <kim@example.net>\nSent: "
    "Tuesday\nSubject: Re: x",
    "Outlook in German": "Von: Kim Lee\nGesendet: Dienstag, 24. November 2026 09:00\nAn: Ann\nBetreff: AW: x",
    "Outlook in Japanese": "差出人: Kim Lee\n送信日時: 2026年11月24日 9:00\n宛先: Ann\n件名: RE: x",
    "Outlook in French": "De : Kim Lee\nEnvoyé : mardi 24 novembre 2026 09:00\nÀ : Ann\nObjet : RE: x",
    "original": "-----Original Message-----",
    "original, de": "-----Ursprüngliche Nachricht-----",
    "forwarded, fr": "---------- Message transféré ---------",
    "forwarded, Apple": "Anfang der weitergeleiteten Nachricht:",
}


@pytest.mark.parametrize("language", _ATTRIBUTIONS)
def test_a_quote_below_the_answer_is_folded(language: str) -> None:
    text = f"It works now.\nThank you.\n\n{_ATTRIBUTIONS[language]}\n\n> Did it help?\n> Kim\n"
    trimmed = trim(text)
    assert trimmed.said == "It works now.\nThank you."
    assert "Did it help?" in trimmed.quoted


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Inviato da iPhone",
        "Verzonden vanaf mijn iPhone",
        "Wysłane z iPhone'a",
        "Отправлено с iPhone",
        "Skickat från min iPhone",
        "Sendt fra min iPhone",
        "Lähetetty iPhonesta",
        "Odesláno z iPhonu",
        "iPhoneから送信",
        "发自我的 iPhone",
        "나의 iPhone에서 보냄",
        "iPhone'umdan gönderildi",
        "Get Outlook for Android <https://aka.ms/x>",
    ],
)
def test_a_telephone_is_a_signature_at_the_end_and_nowhere_else(line: str) -> None:
    assert (trim(f"It works.\n\n{line}\n").said, trim(f"It works.\n\n{line}\n").signature.strip()) == (
        "It works.",
        line,
    )
    assert trim(f"It works.\n{line}\nis what it says.").said.startswith(f"It works.\n{line}")


@pytest.mark.parametrize("mark", ["-- ", "--", "—", "____________"])
def test_a_signature_is_folded(mark: str) -> None:
    trimmed = trim(f"Hello\n{mark}\nAnn Author\n+1 234\n")
    assert (trimmed.said, trimmed.signature) == ("Hello", f"{mark}\nAnn Author\n+1 234".strip(" "))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("The log says:\n-----\nerror 5\n-----\nWhat now?", id="rules around a log"),
        pytest.param("I asked on 3 May.\nBob wrote nothing.", id="words of an attribution"),
        pytest.param("On Monday at 10:30 I asked, and he wrote:\nIt fails.", id="a sentence that tells"),
        pytest.param("From: Berlin\nTo: Paris\nDate: 3 May\nPlease book it.", id="a journey"),
        pytest.param("| a | b |\n|---|---|\n| 1 | 2 |", id="a table"),
        pytest.param("mysql> select 1;\nEmpty set", id="a prompt"),
        pytest.param("```\n--\n> not a quote\n```\nis what it prints", id="code"),
        pytest.param("> only a quote", id="nothing but a quote"),
        pytest.param("> question\nanswer", id="an answer below an unannounced quote"),
    ],
)
def test_what_only_looks_like_a_quote_stays(text: str) -> None:
    assert trim(text).said == text


def test_answers_between_the_lines_stay_with_what_they_answer() -> None:
    text = "Hi\n\nOn 24 Nov 2026 Kim wrote:\n> one?\nyes\n> two?\nno\n"
    assert trim(text).said == "Hi\n\n> one?\nyes\n> two?\nno"


def test_an_answer_below_the_quote_is_found() -> None:
    trimmed = trim("On 24 Nov 2026 Kim wrote:\n> long\n> question\n\nMy answer.\n")
    assert (trimmed.said, trimmed.quoted.splitlines()[0]) == ("My answer.", "On 24 Nov 2026 Kim wrote:")


@given(
    st.lists(
        st.one_of(
            st.text(max_size=30),
            st.sampled_from(
                [
                    "",
                    "> q",
                    "--",
                    "On 1 Kim <k@e.example> wrote:",
                    "From: a",
                    "Subject: b",
                    "To: c@d",
                    "___________",
                    "```",
                    "| x",
                    "Sent from my iPhone",
                    "\r",
                ]
            ),
        ),
        max_size=40,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=200, deadline=None)
def test_nothing_is_ever_lost(lines: list[str], end: str) -> None:
    text = end.join(lines)
    trimmed = trim(text)
    assert "".join(piece.text for piece in trimmed.pieces) == text


def test_lines_beyond_the_limit_share_the_fate_of_the_last() -> None:
    assert trim("log\n" * 5_000).said.count("log") == 5_000
    quoted = trim("Hi\n\nOn 24 Nov 2026 Kim wrote:\n" + "> log\n" * 5_000)
    assert (quoted.said, [piece.kind for piece in quoted.pieces]) == (
        "Hi",
        [PieceKind.SAID, PieceKind.QUOTED, PieceKind.QUOTED],
    )
