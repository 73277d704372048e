"""The form every bench answers in."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import click


@dataclass(frozen=True)
class Figure:
    """One measured value, and what it should reach; ``ok`` is None where nothing is asked."""

    value: float
    unit: str
    target: str | None = None
    ok: bool | None = None


def report(figures: dict[str, Figure], *, as_json: bool, **beside: Any) -> None:
    """Print figures as one JSON object, or as a table for people."""
    if as_json:
        told = {name: asdict(figure) for name, figure in figures.items()}
        click.echo(json.dumps({"figures": told, **beside}, ensure_ascii=False))
        return
    for name, figure in figures.items():
        verdict = {None: "", True: "  ✓", False: "  ✗"}[figure.ok]
        target = f"  ({figure.target})" if figure.target else ""
        click.echo(f"{name:<28}{figure.value:>14,.3f} {figure.unit}{target}{verdict}")
