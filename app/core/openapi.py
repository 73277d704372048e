"""What the API's description says beyond single routes."""

import json
from pathlib import Path

from flask_smorest import Api

PREFIX = "/api/v1"
METHODS = {"post", "patch"}
EXAMPLES = Path(__file__).with_name("examples.json")
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def describe(api: Api) -> None:
    """Add sign-in and the shape of refusals to the description."""
    components = api.spec.components
    components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    components.schema("Problem", PROBLEM)
    components.response(
        "Problem",
        {
            "description": "A refusal (RFC 9457)",
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        },
    )


def show_examples(api: Api) -> None:
    """Put into the description of every call that takes a body one that was tried.

    The tests make each of these calls and compare; see `tests/api/test_openapi.py`.
    """
    examples = json.loads(EXAMPLES.read_text())
    for path, operations in api.spec._paths.items():
        for method in METHODS & set(operations):
            described = operations[method]
            example = examples.get(f"{method.upper()} {path.removeprefix(PREFIX)}")
            content = described.get("requestBody", {}).get("content", {}).get("application/json")
            if example is not None and content is not None:
                content["example"] = example
