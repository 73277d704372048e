"""What a topic is made of."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from app.notifications.payload import example_of, schema_of

Side = Literal["seller", "buyer", "all"]
SIDES = "seller_id seller_agent_id? buyer_id buyer_agent_id?"


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
    """What a message of the topic holds, what each side is told, and how it goes out.

    ``facts`` is a line as `payload.py` reads it. A topic without sentences is told to nobody. One
    that is not ``published`` is the house's own affair and never leaves it as a message.
    """

    facts: str
    sentences: dict[Side, Sentence] = field(default_factory=dict)
    email: bool = True
    published: bool = True

    def sentence(self, side: Side) -> Sentence | None:
        return self.sentences.get(side) or self.sentences.get("all")

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The payload as JSON Schema."""
        return schema_of(self.facts)

    @cached_property
    def example(self) -> dict[str, Any]:
        """A payload in which nothing is left out."""
        return example_of(self.facts)
