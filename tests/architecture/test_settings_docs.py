"""docs/settings.md has a heading for every setting, with its default below it, and for nothing else."""

import json
import re
from typing import Any

import msgspec
import pytest

from relay.config import Settings
from tests.architecture.repository import ROOT

PAGE = ROOT / "docs" / "settings.md"


def settings() -> dict[tuple[str, str], Any]:
    """Return every setting as (section, name), with its default or msgspec.NODEFAULT."""
    found: dict[tuple[str, str], Any] = {}
    for section in msgspec.structs.fields(Settings):
        if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct):
            for setting in msgspec.structs.fields(section.type):
                found[section.name, setting.encode_name] = setting.default
    return found


def described(text: str) -> dict[tuple[str, str], str]:
    """Return the text below each `### name`, by the `## [section]` above it."""
    found: dict[tuple[str, str], str] = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        names = re.split(r"^### (.+)$", body, flags=re.MULTILINE)
        for name, below in zip(names[1::2], names[2::2], strict=True):
            found[heading.strip("[] "), name.strip()] = below
    return found


def as_toml(value: Any) -> str:
    """Return a default as the settings file would spell it."""
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def test_described_reads_headings() -> None:
    page = "# Settings\n\n## [a]\n\n### one\n\nFirst.\n\n### two\n\nSecond.\n\n## [b]\n\n### one\n\nThird.\n"
    assert {key: text.strip() for key, text in described(page).items()} == {
        ("a", "one"): "First.",
        ("a", "two"): "Second.",
        ("b", "one"): "Third.",
    }


def test_page_and_code_name_the_same_settings() -> None:
    assert set(described(PAGE.read_text(encoding="utf-8"))) == set(settings())


@pytest.mark.parametrize(("section", "name"), settings())
def test_setting_has_its_default(section: str, name: str) -> None:
    default = settings()[section, name]
    text = described(PAGE.read_text(encoding="utf-8"))[section, name]
    expected = "Required." if default is msgspec.NODEFAULT else f"Default: `{as_toml(default)}`"
    assert expected in text
