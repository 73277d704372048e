"""Imports on the wire."""

import marshmallow as ma

from app.core.fields import Choice, Id, Instant, Schema
from app.core.paging import PageQuery
from app.core.problem_json import language
from app.imports.cells import MARKS
from app.imports.models import ImportStatus, Mode, RowStatus


class FileQuery(Schema):
    decimal = Choice(
        MARKS, metadata={"description": "the file's decimal mark, where its numbers leave it open"}
    )


class ImportQuery(PageQuery):
    status = Choice(ImportStatus)


class RowQuery(PageQuery):
    status = Choice(RowStatus)


class ApplicationIn(Schema):
    mode = Choice(Mode, required=True)


class RefusalOut(Schema):
    code = ma.fields.String()
    detail = ma.fields.Function(lambda told: told[language()], metadata={"type": "string"})


class ErrorOut(Schema):
    column = ma.fields.String(metadata={"description": "empty where it is the whole row"})
    detail = ma.fields.Function(lambda told: told[language()], metadata={"type": "string"})


class ImportOut(Schema):
    id = Id()
    organisation_id = Id()
    kind = ma.fields.String()
    status = ma.fields.String()
    mode = ma.fields.String(allow_none=True)
    percent = ma.fields.Integer(metadata={"description": "of the present step"})
    total = ma.fields.Integer(metadata={"description": "rows without the heading"})
    good = ma.fields.Integer()
    bad = ma.fields.Integer()
    refusal = ma.fields.Nested(RefusalOut, allow_none=True)
    created_at = Instant()
    applied_at = Instant(allow_none=True)


class ImportRowOut(Schema):
    number = ma.fields.Integer(metadata={"description": "the row's, as a spreadsheet counts"})
    status = ma.fields.String()
    errors = ma.fields.List(ma.fields.Nested(ErrorOut))
    thing_id = Id(allow_none=True, metadata={"description": "what it has become"})


class ColumnOut(Schema):
    name = ma.fields.String()
    vi = ma.fields.String()
    en = ma.fields.String()
    required = ma.fields.Boolean()
    example = ma.fields.String()


class TemplateOut(Schema):
    kind = ma.fields.String()
    columns = ma.fields.List(ma.fields.Nested(ColumnOut))
