"""Tokens and appointments from the console, which is trust enough."""

from collections.abc import Callable
from typing import TypeVar

import click

from app.accounts.identity import login_name
from app.accounts.models import Kind
from app.accounts.operations import appoint as appoint_person
from app.accounts.operations import issue_token
from app.accounts.queries import find_person
from app.cli.environment import environment
from app.core import clock
from app.core.errors import Problem
from app.core.transaction import transaction

T = TypeVar("T")


@click.command()
@click.argument("login")
def token(login: str) -> None:
    """In một mã truy cập cho LOGIN · Print an API token for LOGIN."""

    def issue() -> str:
        stored = login_name(login)
        person = find_person(stored) if stored else None
        if person is None:
            raise click.ClickException(f"Không có người này · Nobody signs in as: {login}")
        return issue_token(person=person, now=clock.now())[0]

    click.echo(_in_database(issue))


@click.command()
@click.argument("login")
@click.argument("office", type=click.Choice([Kind.OPERATOR.value, Kind.AUTHORITY.value]))
def appoint(login: str, office: str) -> None:
    """Giao cho LOGIN quyền OFFICE và chỉ quyền đó · Make LOGIN operator or authority only."""

    def make() -> str:
        try:
            return appoint_person(login=login, kind=Kind(office), now=clock.now()).name
        except Problem as fault:
            raise click.ClickException(f"{fault.detail('vi')} · {fault.detail('en')}") from fault

    click.echo(f"{_in_database(make)}: {office}")


def _in_database(work: Callable[[], T]) -> T:
    """Run in one transaction on whatever database this installation uses."""
    from app import create_app

    with environment(), create_app().app_context(), transaction():
        return work()
