"""The API's documentation as one page, made from its own description."""

from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template

from app.accounts.access import open_to_all
from app.core.errors import Problem

blueprint = Blueprint("docs", __name__, template_folder="templates")
METHODS = ("get", "post", "patch", "put", "delete")
POLICY = "default-src 'none'; style-src 'self'; form-action 'none'; frame-ancestors 'none'"


@blueprint.get("/api/docs")
@open_to_all
def docs() -> Response:
    """Every route with who may call it, what it takes and what it answers; every refusal."""
    page = make_response(
        render_template("docs.html", groups=_groups(_description()), refusals=refusals(), lang="vi")
    )
    page.headers["Content-Security-Policy"] = POLICY
    return page


@blueprint.get("/api/docs.css")
@open_to_all
def style() -> Response:
    """The page's style."""
    return Response(render_template("docs.css"), content_type="text/css; charset=utf-8")


def refusals() -> list[type[Problem]]:
    """Every named refusal, by code; a code that several share is told once."""
    by_code: dict[str, type[Problem]] = {}
    waiting = [Problem]
    while waiting:
        kind = waiting.pop()
        by_code.setdefault(kind.code, kind)
        waiting.extend(kind.__subclasses__())
    return [by_code[code] for code in sorted(by_code)]


def _description() -> dict[str, Any]:
    return dict(current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict())


def _groups(description: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The operations by group, each with what a reader wants to know."""
    schemas = description["components"]["schemas"]
    groups: dict[str, list[dict[str, Any]]] = {
        tag["name"]: [] for tag in description.get("tags", [])
    }
    for path, methods in description["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                groups[operation["tags"][0]].append(
                    {
                        "method": method.upper(),
                        "path": path,
                        "summary": operation.get("summary", ""),
                        "vietnamese": operation.get("description", ""),
                        "public": operation.get("security") == [],
                        "key": _needs_key(operation),
                        "query": [one for one in _parameters(operation) if one["in"] == "query"],
                        "body": _fields(operation.get("requestBody"), schemas),
                        "answers": sorted(
                            code for code in operation["responses"] if code != "default"
                        ),
                    }
                )
    return groups


def _parameters(operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in operation.get("parameters", []) if isinstance(one, dict)]


def _needs_key(operation: dict[str, Any]) -> bool:
    return any(
        one["name"] == "Idempotency-Key" and one.get("required")
        for one in _parameters(operation)
        if "name" in one
    )


def _fields(body: Any, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a request's body, one level deep."""
    if not body:
        return []
    if "application/json" not in body["content"]:
        return [{"name": " | ".join(body["content"]), "required": True, "type": "file"}]
    reference = body["content"]["application/json"]["schema"]["$ref"]
    schema = schemas[reference.rsplit("/", 1)[-1]]
    required = schema.get("required", [])
    return [
        {"name": name, "required": name in required, "type": _type(field, schemas)}
        for name, field in schema.get("properties", {}).items()
    ]


def _type(field: dict[str, Any], schemas: dict[str, Any]) -> str:
    if "enum" in field:
        return " | ".join(str(one) for one in field["enum"] if one is not None)
    if "$ref" in field:
        inner = schemas[field["$ref"].rsplit("/", 1)[-1]]
        required = inner.get("required", [])
        names = [name + "*" * (name in required) for name in inner.get("properties", {})]
        return "{" + ", ".join(names) + "}"
    if "anyOf" in field:
        return _type(field["anyOf"][0], schemas)
    kind = field.get("type", "")
    if kind == "array":
        return f"[{_type(field.get('items', {}), schemas)}]"
    names = kind if isinstance(kind, list) else [kind]
    known = [name for name in names if name and name != "null"]
    return field.get("format") or " | ".join(known)
