"""Every word that people read stands in both languages."""

import re
from pathlib import Path

import pytest

TEMPLATES = sorted((Path(__file__).parents[2] / "app" / "web" / "templates").glob("*.html"))
ELSEWHERE = {"docs.html", "slip.html"}
NAMES = {"Blao", "English", "Tiếng Việt", "km", ""}
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
WIDTH = re.compile(r"\{% block width %\}\w*\{% endblock %\}")
SHOWN = re.compile(r'(?:placeholder|title|alt|aria-label)="([^"]*)"')
LETTERS = re.compile(r"[^\W\d_]{2,}")


@pytest.mark.parametrize(
    "template", [one for one in TEMPLATES if one.name not in ELSEWHERE], ids=lambda one: one.name
)
def test_no_word_of_a_page_stands_in_one_language_only(template: Path) -> None:
    bare = JINJA.sub("", WIDTH.sub("", template.read_text())).replace(' aria-invalid="true"', "")
    shown = SHOWN.findall(bare)
    text = re.sub(r' aria-\w+="(true)?"', "", bare)
    text = re.sub(r"<(?:script|style)\b.*?</(?:script|style)>", "", text, flags=re.DOTALL)
    words = [re.sub(r"<[^>]*>", "\n", text), *shown]
    left = {line.strip() for piece in words for line in piece.splitlines() if LETTERS.search(line)}
    assert not {
        line for line in left if not NAMES.issuperset(re.split(r"\s*·\s*", line.strip("‹› ")))
    }


CALL = re.compile(
    r'\bt\(\s*("(?:[^"\\]|\\.)*")\s*,\s*("(?:[^"\\]|\\.)*")(\s*,\s*"(?:[^"\\]|\\.)*")?'
)
SOURCES = [*TEMPLATES, *sorted((Path(__file__).parents[2] / "app" / "web").glob("*.py"))]


def test_every_sentence_has_both_languages_and_english_its_plural() -> None:
    found = [call for source in SOURCES for call in CALL.findall(source.read_text())]
    assert len(found) > 150
    for vietnamese, english, many in found:
        assert len(vietnamese) > 2, english
        assert len(english) > 2, vietnamese
        assert places(vietnamese) == places(english), (vietnamese, english)
        if "{n}" in english and re.search(r"\{n\} [a-z]", english):
            assert many, english
        assert not re.search(r"\{(\w+s)\} \1\b", english), f"one of {english}"


def places(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))
