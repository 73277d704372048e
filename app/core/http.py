"""One way to declare a route: who may call it, what goes in, what comes out.

Every request runs in one transaction, opened here and committed when the view has returned.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Protocol

import flask_smorest
import marshmallow as ma
from flask import Response, jsonify, request, stream_with_context
from webargs import core as webargs_core
from webargs.flaskparser import FlaskParser

from app.core import clock
from app.core.errors import Invalid, Problem, invalid
from app.core.faults import pointed
from app.core.fields import Schema
from app.core.files import ENDINGS, columns, written
from app.core.idempotency import Idempotency, replay_or_run, stated_key
from app.core.requests import LARGEST_FILE
from app.core.transaction import retried, transaction

ROWS_AT_A_TIME = 500
JSON = "application/json"
TEXT = {"schema": {"type": "string"}}
OBJECT = {"schema": {"type": "object"}}


class Malformed(Problem):
    status, code = 400, "malformed"
    vi = "Nội dung gửi lên không phải JSON hợp lệ."
    en = "The body is not valid JSON."


class BodyTooLarge(Problem):
    status, code = 413, "body_too_large"
    vi = "Nội dung gửi lên quá lớn."
    en = "The body is too large."


class NotJson(Problem):
    status, code = 415, "unsupported_media_type"
    vi = "Nội dung phải là application/json."
    en = "The body must be application/json."


class NoFile(Problem):
    status, code = 415, "unsupported_media_type"
    vi = "Nội dung phải là một tệp thuộc loại: {kinds}."
    en = "The body must be a file of one of these types: {kinds}."


class PreconditionFailed(Problem):
    status, code = 412, "precondition_failed"
    vi = "Dữ liệu đã thay đổi từ lần đọc trước, xin đọc lại."
    en = "It has changed since you read it; please read it again."


class PreconditionRequired(Problem):
    status, code = 428, "precondition_required"
    vi = "Cần gửi If-Match với ETag của lần đọc gần nhất."
    en = "If-Match with the ETag of your last read is needed."


class Access(Protocol):
    """Who may call a route."""

    @property
    def public(self) -> bool: ...

    def admit(self, *, now: datetime) -> Any:
        """The caller of the present request, or a refusal (401, 403, 404)."""


class Nothing(Schema):
    """A body that has nothing to say: absent, or ``{}``."""


class Parser(FlaskParser):
    """Reads bodies and queries strictly and reports every fault with a pointer."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": ma.RAISE,
        "json": ma.RAISE,
    }

    def load_json(self, req: Any, schema: ma.Schema) -> Any:
        data = req.get_data(cache=True)
        if not data.strip():
            return webargs_core.missing
        if not req.is_json:
            raise NotJson
        return parse_json(data)

    def load_querystring(self, req: Any, schema: ma.Schema) -> Any:
        for name, values in req.args.lists():
            if len(values) > 1:
                raise invalid(f"/{name}", "Chỉ được nêu một lần.", "May be stated only once.")
        return super().load_querystring(req, schema)

    def handle_error(self, error: ma.ValidationError, *args: Any, **kwargs: Any) -> Any:
        raise Invalid(
            errors=[fault for inner in error.messages_dict.values() for fault in pointed(inner)]
        )


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A group of routes; :meth:`operation` is the only way to add one."""

    ARGUMENTS_PARSER = Parser()

    def operation(
        self,
        method: str,
        rule: str,
        *,
        access: Access,
        body: type[ma.Schema] | None = None,
        upload: Sequence[str] = (),
        query: type[ma.Schema] | None = None,
        answer: type[ma.Schema] | None = None,
        also: Sequence[str] = (),
        status: int | None = None,
        idempotency: Idempotency | None = None,
        tagged: bool = False,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a route.

        The view is called with ``caller`` (what ``access`` admits), its path variables, and
        ``body`` or ``query`` where they are declared. A POST accepts an idempotency key unless
        told otherwise. ``also`` are media types the answer may have instead of JSON, by Accept;
        a list has the forms of `files.py` besides, unless the view makes one of them itself.
        With ``upload``, media types, the body is a file, and the view is called with ``file`` and
        ``media_type`` instead of ``body``. What is read by a path with variables has an ETag;
        ``tagged`` gives it to another one.
        """
        status = status or {"POST": 201, "DELETE": 204}.get(method, 200)
        if method == "POST" and idempotency is None:
            idempotency = Idempotency.ACCEPTED

        def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
            inner = view
            kinds = [*also]
            if answer is not None and "next_cursor" in answer().fields:
                made_here = [kind for kind in ENDINGS if kind not in also]
                inner = _as_list_or_file(answer, made_here, inner)
                kinds += made_here
            if upload:
                inner = _with_file(upload, inner)
            elif method in {"POST", "PATCH", "DELETE"}:
                inner = _with_body(self, body, inner)
            inner = self.arguments(query or Nothing, location="query", arg_name="query")(
                inner if query else _without("query", inner)
            )
            inner = self.response(status, answer)(inner)

            @wraps(inner)
            def edge(**path: Any) -> Response:
                if upload:
                    request.max_content_length = LARGEST_FILE
                return retried(lambda: _run(inner, path, access, idempotency, tagged))

            edge.access = access  # type: ignore[attr-defined]
            edge.idempotency = idempotency  # type: ignore[attr-defined]
            content = {kind: OBJECT if kind.endswith("+json") else TEXT for kind in kinds}
            forms = {status: {"content": content}} if kinds else {}
            document(edge, method, access, idempotency, forms, upload)
            self.route(rule, methods=[method])(edge)
            return view

        return decorate


def _run(
    view: Callable[..., Response],
    path: dict[str, Any],
    access: Access,
    idempotency: Idempotency | None,
    tagged: bool,
) -> Response:
    _read_body()
    refusal = None
    with transaction():
        now = clock.now()
        caller = access.admit(now=now)
        key = stated_key(idempotency)
        try:
            if key is None:
                answer = view(caller=caller, **path)
            else:
                answer = replay_or_run(
                    lambda: view(caller=caller, **path), account=caller.account_id, key=key, now=now
                )
        except Problem as fault:
            if not fault.leaves_trace:
                raise
            refusal = fault
    if refusal is not None:
        raise refusal
    whole = answer.status_code == HTTPStatus.OK and not answer.is_streamed
    if request.method == "GET" and (path or tagged) and whole:
        answer.set_etag(etag(answer.get_data()))
        answer.make_conditional(request)
    return answer


def _read_body() -> None:
    """Read the whole body before anything else happens.

    Raises:
        BodyTooLarge: it is longer than allowed, also where its length was not announced.
        Malformed: it breaks off, or its chunks make no sense.
    """
    try:
        data = request.get_data(cache=True)
    except OSError:
        raise Malformed from None
    if request.content_length is None and len(data) >= (request.max_content_length or 0):
        raise BodyTooLarge


def _with_file(kinds: Sequence[str], view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def call(**arguments: Any) -> Any:
        if request.mimetype not in kinds:
            raise NoFile(kinds=", ".join(kinds))
        return view(file=request.get_data(), media_type=request.mimetype, **arguments)

    return call


def _with_body(
    blueprint: Blueprint, body: type[ma.Schema] | None, view: Callable[..., Any]
) -> Callable[..., Any]:
    if body is None:

        @wraps(view)
        def bodiless(**arguments: Any) -> Any:
            blueprint.ARGUMENTS_PARSER.parse(Nothing(), request, location="json")
            return view(**arguments)

        return bodiless
    return blueprint.arguments(body, location="json", arg_name="body")(view)  # type: ignore[no-any-return]


def _as_list_or_file(
    answer: type[ma.Schema], kinds: Sequence[str], view: Callable[..., Any]
) -> Callable[..., Any]:
    """The view of a list, which answers with the whole list in one file where that is asked for.

    The first page is read in the transaction of the request, each further one in its own, so that
    a long file holds nobody up; keyset cursors keep it free of gaps and repetitions.
    """
    item = answer().fields["items"].inner.schema  # type: ignore[attr-defined]

    @wraps(view)
    def call(**arguments: Any) -> Any:
        kind = request.accept_mimetypes.best_match([JSON, *kinds], default=JSON)
        if kind == JSON:
            return view(**arguments)
        query = {**arguments["query"], "limit": ROWS_AT_A_TIME}
        first = view(**{**arguments, "query": {**query}})

        def rows() -> Iterator[dict[str, Any]]:
            part = first
            while True:
                yield from item.dump(part.items, many=True)
                if part.next_cursor is None:
                    return
                further = {**query, "cursor": part.next_cursor}
                with transaction():
                    part = view(**{**arguments, "query": further})

        name = request.path.strip("/").split("/")[2]
        file = Response(
            stream_with_context(written(kind, columns(item), rows())), content_type=kind
        )
        file.headers["Content-Disposition"] = f'attachment; filename="{name}.{ENDINGS[kind]}"'
        file.headers["Vary"] = "Accept"
        return file

    return call


def _without(argument: str, view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def call(**arguments: Any) -> Any:
        del arguments[argument]
        return view(**arguments)

    return call


def document(
    edge: Any,
    method: str,
    access: Access,
    idempotency: Idempotency | None,
    forms: dict[int, Any],
    upload: Sequence[str],
) -> None:
    """Say in the API's description who may call, which headers count, and other forms of answer."""
    parameters = []
    if idempotency not in {None, Idempotency.EXEMPT}:
        parameters.append(
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": idempotency is Idempotency.REQUIRED,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    if method == "PATCH":
        parameters.append(
            {"in": "header", "name": "If-Match", "required": True, "schema": {"type": "string"}}
        )
    if not access.public:
        parameters.append(
            {
                "in": "header",
                "name": "X-Organisation-Id",
                "schema": {"type": "string", "format": "uuid"},
                "description": "Needed by a person who acts in several organisations.",
            }
        )
    described = getattr(edge, "_apidoc", {})
    described["arguments"].pop("responses", None)
    described["arguments"]["parameters"].extend(parameters)
    files = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in upload}
    edge._apidoc = {
        **described,
        "manual_doc": {
            **({"requestBody": {"required": True, "content": files}} if upload else {}),
            "security": [] if access.public else [{"bearer": []}],
            "responses": {"default": {"$ref": "#/components/responses/Problem"}} | forms,
        },
    }


def etag(representation: bytes) -> str:
    """A strong entity tag of an answer's bytes."""
    return hashlib.sha256(representation).hexdigest()[:32]


def check_if_match(representation: Any) -> None:
    """Refuse a change by somebody who has not read the present state.

    Args:
        representation: what GET of the thing would answer now, dumped.

    Raises:
        PreconditionRequired: no ``If-Match`` (428). PreconditionFailed: an older one (412).
    """
    if not request.if_match:
        raise PreconditionRequired
    if not request.if_match.contains(etag(jsonify(representation).get_data())):
        raise PreconditionFailed


def parse_json(data: bytes) -> Any:
    """JSON as RFC 8259 has it: no NaN, no infinity, no repeated names.

    Raises:
        Malformed: it is not that, or is nested beyond reason.
    """
    try:
        return json.loads(data, parse_constant=_refuse, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Malformed from None


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    together = dict(pairs)
    if len(together) != len(pairs):
        raise ValueError("a name occurs twice")
    return together
