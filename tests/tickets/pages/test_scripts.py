"""The scripts that say in the browser what Python says on the server: both are asked the same."""

import json
import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from protocol.tracking import ALPHABET, InvalidTrackingNumber, make_tracking, parse_tracking
from tickets.pages.access_keys import InvalidAccessKey, parse_access_key
from tickets.pages.language import tongue_of
from tickets.pages.sentences import Sentences
from tickets.pages.site import STATIC
from tickets.pages.times import ago

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def node(repository: Path) -> str:
    found = subprocess.run([repository / "tools" / "find-node"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip("no Node.js that is new enough: run make setup")
    return found.stdout.strip()


def run(node: str, module: str, expression: str, inputs: object) -> Any:
    """Return what `expression` makes of each element `it` of `inputs`, with the exports of `module` at hand as `m`."""
    program = (
        f"const m = await import({json.dumps((STATIC / module).as_uri())});"
        "let text = ''; for await (const chunk of process.stdin) text += chunk;"
        f"console.log(JSON.stringify(JSON.parse(text).map((it) => {expression})));"
    )
    done = subprocess.run(
        [node, "--no-warnings", "--input-type=module", "--eval", program],
        input=json.dumps(inputs),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"TZ": "UTC"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def python_tracking(text: str) -> str | None:
    try:
        return parse_tracking(text)
    except InvalidTrackingNumber:
        return None


def test_tracking_numbers_are_read_alike(node: str) -> None:
    chance = random.Random(7)  # noqa: S311 - test data
    texts = [
        "",
        "TL",
        "TL-",
        "TL-0000-0000",
        "0000 0000",
        "x" * 41,
        "TLTL-0000-0000",
        "T00000000",
        "XX-0000-0000",
        "Üabcdefg",
    ]
    for _ in range(1_500):
        number = make_tracking(chance.randbytes)
        at = chance.randrange(3, len(number))
        texts += [
            number,
            number.lower().replace("-", " "),
            number.replace("0", "o").replace("1", chance.choice("iIlL")),
            number[3:],
            number[:at],
            number[:at] + chance.choice(ALPHABET + "U!é") + number[at + 1 :],
            number[:-2] + number[-1] + number[-2],
            "".join(chance.choice(ALPHABET + "-TL ") for _ in range(chance.randrange(1, 16))),
        ]
    told = run(node, "tracking.js", 'm.readTracking(it, "TL")', texts)
    assert [reading.get("tracking") for reading in told] == [python_tracking(text) for text in texts]
    assert sum(reading["ok"] for reading in told) > 5_000
    assert all(reading["why"] for reading in told if not reading["ok"])


def test_a_number_is_not_called_wrong_while_it_is_typed(node: str) -> None:
    chance = random.Random(8)  # noqa: S311 - test data
    for _ in range(20):
        number = make_tracking(chance.randbytes)
        typed = [number[:length] for length in range(1, len(number))]
        told = run(node, "tracking.js", 'm.readTracking(it, "TL")', [*typed, number])
        assert not any(reading.get("complete") for reading in told[:-1])
        assert told[-1] == {"ok": True, "tracking": number}
    wrong = "TL-0000-0001"
    assert run(node, "tracking.js", 'm.readTracking(it, "TL").complete', [wrong]) == [True]


def test_access_keys_are_read_alike(node: str) -> None:
    key = "k" * 43
    texts = [
        key,
        f"https://a.example/t/TL-0000-0000#{key}",
        f" {key[:9]}\n{key[9:]}",
        key[1:],
        f"{key}k",
        "",
        "#",
        f"{key}=",
    ]

    def python_key(text: str) -> str | None:
        try:
            return parse_access_key(text)
        except InvalidAccessKey:
            return None

    assert run(node, "keys.js", "m.readKey(it)", texts) == [python_key(text) for text in texts]


def test_times_are_told_alike(node: str) -> None:
    seconds = [-5, 0, 59, 60, 119, 3_599, 3_600, 86_399, 86_400, 13 * 86_400, 14 * 86_400, 70 * 86_400]
    moments = [NOW - timedelta(seconds=each) for each in seconds]
    told = run(
        node, "times.js", f'm.ago(new Date(it), new Date("{NOW.isoformat()}"))', [at.isoformat() for at in moments]
    )
    assert told == [ago(at, NOW) for at in moments]


def test_finished_sentences_are_said_alike(node: str) -> None:
    told = json.loads(tongue_of("de").told)
    texts = [
        "Ada took this request.",
        "Bob moved this request from new to open.",
        "Maria’s computer: Ada may look.",
        "Maria’s computer: the user said no to Ada.",
        "tags: a tag needs a letter or a digit.",
        "Ada took this request. The answer opened the request again.",
        "Dr. New took this request.",
        "Late: the first answer is overdue.",
        "Wait 3 minutes and try again.",
        "There is already a team called New. Choose another, or change the one that exists.",
        "My printer took fire.",
        "",
    ]
    said = run(node, "sentences.js", f"new m.Sentences({json.dumps(told)}).say(it)", texts)
    assert said == [Sentences(told).say(text) for text in texts]
    assert said[0] == "Ada hat diese Anfrage übernommen."
