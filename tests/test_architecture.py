"""The house stands as its rules say: layers, transactions, access, topics, tasks, words."""

import ast
import importlib
import inspect
import re
import string
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from celery.schedules import schedule
from flask import Flask
from jsonschema import Draft202012Validator
from sqlalchemy import Double, Float, Numeric

from app import blueprints
from app.core.db import Base
from app.core.errors import Problem, Unavailable
from app.core.idempotency import Idempotency
from app.core.problem_json import TooManyRequests
from app.core.queue import celery
from app.notifications.sentence import Sentence
from app.notifications.topics import TOPICS

PROJECT = Path(__file__).resolve().parent.parent
SOURCES = sorted((PROJECT / "app").rglob("*.py")) + sorted((PROJECT / "workers").glob("*.py"))
LONGEST_FILE = 400
FLOATS = {"latitude", "longitude", "optimality_gap"}


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@cache
def trees() -> list[tuple[str, ast.Module]]:
    """Every source file of ours, read once."""
    assert len(SOURCES) > 80
    return [(name_of(path), ast.parse(path.read_text())) for path in SOURCES]


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Calls of a function or method of this name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            spelt = called.attr if isinstance(called, ast.Attribute) else None
            if isinstance(called, ast.Name):
                spelt = called.id
            if spelt == name:
                yield node


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [PROJECT / ".venv/bin/lint-imports", "--no-cache"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Contracts: [6-9] kept, 0 broken", done.stdout), done.stdout


def test_only_the_transaction_commits() -> None:
    commits = {name for name, tree in trees() for _ in calls(tree, "commit")}
    assert commits == {"app/core/transaction.py"}


def test_only_edges_open_transactions() -> None:
    opened = {name for name, tree in trees() for _ in calls(tree, "transaction")}
    edges = re.compile(
        r"app/core/http\.py|app/cli/(bench/)?\w+\.py|app/web/\w+\.py|workers/\w+\.py"
    )
    assert len(opened) > 3
    assert [name for name in opened if not edges.fullmatch(name)] == []


def undeclared(app: Flask) -> list[str]:
    """Routes that do not say who may call them; the description itself is the library's."""
    views = {
        rule.rule: app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in ("api-docs.openapi_json", "static")
    }
    assert len(views) > 40
    return [rule for rule, view in views.items() if not hasattr(view, "access")]


def test_every_route_says_who_may_call_it(app: Flask) -> None:
    assert undeclared(app) == []


def test_a_route_that_says_nothing_is_found() -> None:
    bare = Flask("bare")
    for number in range(41):
        bare.add_url_rule(f"/api/v1/things/{number}", f"view{number}", lambda: "anybody")
    assert len(undeclared(bare)) == 41


def test_every_post_says_what_it_makes_of_a_key(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and "POST" in (rule.methods or ()):
            assert isinstance(app.view_functions[rule.endpoint].idempotency, Idempotency), rule


def test_every_package_with_routes_is_mounted() -> None:
    with_routes = {path.parent.name for path in (PROJECT / "app").glob("*/api.py")}
    assert {one.import_name.split(".")[1] for one in blueprints()} == with_routes


def emitted() -> set[str]:
    """Topics left in the outbox anywhere in the application, outright or through a `_tell`."""
    return {
        call.args[0].value
        for name, tree in trees()
        for call in [
            *left_in_outbox(tree),
            *(calls(tree, "_tell") if any(left_in_outbox(tree)) else ()),
            *(calls(tree, "tell") if TELLING.match(name) else ()),
        ]
        if isinstance(call.args[0], ast.Constant)
    }


TELLING = re.compile(r"app/(contracts|pools|disruption)/")


def left_in_outbox(tree: ast.AST) -> Iterator[ast.Call]:
    for call in [*calls(tree, "add"), *calls(tree, "add_all")]:
        if ast.unparse(call.func) in ("outbox.add", "outbox.add_all"):
            yield call


def test_every_topic_left_in_the_outbox_is_known_and_the_reverse() -> None:
    assert emitted() == set(TOPICS)
    assert len(TOPICS) > 15


def test_a_topic_is_only_ever_named_outright() -> None:
    """What `emitted` cannot read would escape the check above."""
    for name, tree in trees():
        telling = [one for one in functions(tree) if one.name in ("tell", "_tell")]
        inside = {id(call) for one in telling for call in left_in_outbox(one)}
        for call in left_in_outbox(tree):
            assert isinstance(call.args[0], ast.Constant) or id(call) in inside, name


def test_the_example_of_a_topic_fits_its_schema() -> None:
    for name, topic in TOPICS.items():
        Draft202012Validator.check_schema(topic.schema)
        Draft202012Validator(topic.schema).validate(topic.example)
        wrong = topic.example | {"something": "else"}
        assert not Draft202012Validator(topic.schema).is_valid(wrong), name


def test_nothing_secret_is_published() -> None:
    hidden = {name for name, topic in TOPICS.items() if not topic.published}
    assert {"invitation.sent", "entry.code_sent"} <= hidden
    words = {
        word.rstrip("?") for name in set(TOPICS) - hidden for word in TOPICS[name].facts.split()
    }
    assert len(words) > 50
    assert [
        one for one in words if re.search("code_number|secret|token|password|phone|email", one)
    ] == []


def places(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


def test_both_languages_of_a_topic_tell_the_same() -> None:
    sentences = [one for topic in TOPICS.values() for one in topic.sentences.values()]
    assert len(sentences) > 10
    for one in sentences:
        assert isinstance(one, Sentence)
        for locale in ("vi", "en"):
            assert one.title(locale).strip()
            assert one.body(locale).strip()
        vi, en = (places(one.title(locale) + one.body(locale)) for locale in ("vi", "en"))
        assert vi == en, one


def tasks() -> dict[str, Any]:
    """Our tasks by the names under which they are called."""
    importlib.import_module("workers")
    for module in celery.conf.imports:
        importlib.import_module(module)
    return {name: one for name, one in celery.tasks.items() if not name.startswith("celery.")}


def test_every_task_bears_its_own_name_and_takes_keywords_only() -> None:
    found = tasks()
    assert len(found) >= 6
    files = {f"workers.{path.stem}" for path in (PROJECT / "workers").glob("*.py")}
    assert files - {"workers.__init__"} == set(celery.conf.imports)
    for name, task in found.items():
        assert name == task.name == f"{task.run.__module__}.{task.run.__name__}"
        kinds = {one.kind for one in inspect.signature(task.run).parameters.values()}
        assert kinds <= {inspect.Parameter.KEYWORD_ONLY}, name


def nudged() -> set[str]:
    return {
        call.args[0].value
        for _, tree in trees()
        for call in calls(tree, "nudge")
        if call.args and isinstance(call.args[0], ast.Constant)
    }


def test_every_task_is_called_by_the_clock_or_by_a_nudge() -> None:
    found = set(tasks())
    on_time = {entry["task"] for entry in celery.conf.beat_schedule.values()}
    assert on_time | nudged() == found
    assert nudged() - found == set()


def test_a_look_that_nobody_took_in_time_is_forgotten() -> None:
    entries = celery.conf.beat_schedule
    assert len(entries) >= 5
    for entry in entries.values():
        assert isinstance(entry["schedule"], schedule)
        assert entry["options"]["expires"] <= entry["schedule"].run_every.total_seconds()


def refusals() -> list[type[Problem]]:
    for blueprint in blueprints():
        assert blueprint.name
    found, waiting = [], [Problem]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    assert len(found) > 35
    return found


def test_a_code_stands_for_one_status() -> None:
    statuses: dict[str, set[int]] = {}
    for kind in refusals():
        assert re.fullmatch(r"[a-z][a-z0-9_]+", kind.code), kind
        statuses.setdefault(kind.code, set()).add(kind.status)
    assert {code: told for code, told in statuses.items() if len(told) > 1} == {}


def test_every_refusal_is_told_in_both_languages() -> None:
    for kind in refusals():
        assert kind.vi.strip(), kind
        assert kind.en.strip(), kind
        assert kind.vi != kind.en
        assert places(kind.vi) == places(kind.en), kind


def test_a_refusal_that_says_wait_says_how_long() -> None:
    waiting = [kind for kind in refusals() if kind.status in (429, 503)]
    assert Unavailable in waiting
    for kind in waiting:
        if kind is not TooManyRequests:
            assert int(kind().headers["Retry-After"]) > 0, kind


def test_no_file_is_too_long() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in SOURCES}
    long = {name for name, length in lengths.items() if length > LONGEST_FILE}
    assert long == set()


def test_nothing_is_read_from_the_database_unasked() -> None:
    relationships = [
        (mapper.class_.__name__, one.key, one.lazy)
        for mapper in Base.registry.mappers
        for one in mapper.relationships
    ]
    assert len(relationships) > 15
    assert [one for one in relationships if one[2] != "raise_on_sql"] == []


def test_money_and_quantities_are_exact() -> None:
    numbers = 0
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Float | Double):
                assert column.name in FLOATS, (table.name, column.name)
            if isinstance(column.type, Numeric) and not isinstance(column.type, Float):
                assert column.type.asdecimal
                assert column.type.scale is not None, (table.name, column.name)
                numbers += 1
            if column.name.endswith(("_price", "quantity")):
                assert isinstance(column.type, Numeric), (table.name, column.name)
    assert numbers > 20


def test_what_belongs_to_somebody_says_to_whom() -> None:
    """Tables without `organisation_id` hold what is common to all, or the house's own notes."""
    common = {
        "organisation",
        "person",
        "access_token",
        "sign_in_code",
        "administrative_unit",
        "administrative_unit_predecessor",
        "market",
        "commodity",
        "commodity_conversion",
        "grade",
        "quality_attribute",
        "processing_line",
        "processing_line_commodity",
        "certificate_scheme",
        "quality_schedule",
        "reference_price",
        "reference_series",
        "clearing_round",
        "market_price",
        "round_figures",
        "group_cell",
        "forecast_group",
        "month_gain",
        "group_stale",
        "outbox_message",
        "consumed_message",
        "saved_answer",
        "ledger_transaction",
        "channel_pause",
        "notification_preference",
        "quiet_hours",
        "reminder",
    }
    without = {
        table.name
        for table in Base.metadata.sorted_tables
        if "organisation_id" not in table.columns
    }
    assert without == common


FOREIGN_WORDS = re.compile(
    r"/(?:work|home|Users|root)/|127\.0\.0\.1:3128|artifactory|nexus\.|\.internal\b|pypi\.org|"
    r"index-url\s+http|extra-index",
    re.IGNORECASE,
)


def test_no_tracked_file_knows_the_machine_it_was_written_on() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    read = 0
    for name in filter(None, listed):
        path = PROJECT / name
        if not path.is_file() or path == Path(__file__).resolve():
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found = FOREIGN_WORDS.search(text)
        assert not found, (name, found)
        read += 1
    assert read > 100


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    yield from (node for node in tree.body if isinstance(node, ast.FunctionDef))


def test_operations_take_keywords_and_the_time() -> None:
    seen = 0
    for path in (PROJECT / "app").glob("*/*operations.py"):
        tree = ast.parse(path.read_text())
        for function in functions(tree):
            taken = {one.arg for one in function.args.kwonlyargs + function.args.args}
            if function.name.startswith("_") or "now" not in taken:
                continue
            positional = [one.arg for one in function.args.args]
            assert positional == [], (name_of(path), function.name)
            seen += 1
        asked = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node) in CLOCKS
        ]
        assert asked == [], name_of(path)
    assert seen > 25


CLOCKS = {"clock.now", "datetime.now", "datetime.utcnow", "date.today", "time.time"}
