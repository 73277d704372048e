"""What a topic is made of."""

from dataclasses import dataclass
from typing import Literal

Side = Literal["seller", "buyer", "all"]


@dataclass(frozen=True)
class Sentence:
    """Title and body in both languages."""

    title_vi: str
    body_vi: str
    title_en: str
    body_en: str

    def title(self, locale: str) -> str:
        return self.title_vi if locale == "vi" else self.title_en

    def body(self, locale: str) -> str:
        return self.body_vi if locale == "vi" else self.body_en


@dataclass(frozen=True)
class Topic:
    """What each side is told, and whether it also goes out by e-mail."""

    sentences: dict[Side, Sentence]
    email: bool = True

    def sentence(self, side: Side) -> Sentence | None:
        return self.sentences.get(side) or self.sentences.get("all")


SILENT = Topic({}, email=False)
