"""Accounts on the wire."""

from typing import Any

import marshmallow as ma
from marshmallow.exceptions import ValidationError

from app.accounts.identity import email_address, phone_number, tax_number
from app.accounts.models import REGISTRABLE, Invitation, Locale, RoleName
from app.core import clock
from app.core.fields import Boolean, Choice, Day, Id, Instant, Schema, String, Text


class Phone(String):
    """A mobile number, kept in E.164 form."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        number = phone_number(super()._deserialize(value, attr, data, **kwargs))
        if number is None:
            raise ValidationError("Not a valid mobile number.")
        return number


class Email(String):
    """An e-mail address in lower case."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        address = email_address(super()._deserialize(value, attr, data, **kwargs))
        if address is None:
            raise ValidationError("Not a valid email address.")
        return address


class TaxId(String):
    """A Vietnamese tax code or 12-digit personal id."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        number = tax_number(super()._deserialize(value, attr, data, **kwargs))
        if number is None:
            raise ValidationError("Not a valid tax code.")
        return number


class Password(Text):
    """A password, taken as typed."""

    def __init__(self, *, shortest: int = 8, **options: Any) -> None:
        super().__init__(shortest=shortest, longest=200, load_only=True, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        super()._deserialize(value, attr, data, **kwargs)
        return str(value)


class OrganisationIn(Schema):
    name = String(required=True)
    kind = Choice(REGISTRABLE, required=True)
    tax_id = TaxId(allow_none=True)
    smallholder = Boolean()


class PersonIn(Schema):
    name = String(required=True)
    phone = Phone(required=True)
    email = Email(allow_none=True)
    password = Password(required=True)
    locale = Choice(Locale, load_default=str(Locale.VI))


class RegistrationIn(Schema):
    organisation = ma.fields.Nested(OrganisationIn, required=True)
    person = ma.fields.Nested(PersonIn, required=True)


class RegistrationOut(Schema):
    organisation_id = Id(required=True)
    person_id = Id(required=True)


class SignInCodeIn(Schema):
    login = String(required=True)


class SignInCodeOut(Schema):
    expires_at = Instant(required=True)


class TokenIn(Schema):
    """Exactly one of ``password`` and ``code``, a code that was sent; spaces in it do no harm."""

    login = String(required=True)
    password = Password(shortest=1)
    code = String(longest=30, load_only=True)

    @ma.validates_schema
    def one_proof(self, data: dict[str, Any], **kwargs: Any) -> None:
        if ("password" in data) == ("code" in data):
            raise ValidationError("Give either password or code.", "password")


class TokenOut(Schema):
    token = ma.fields.String(required=True)
    expires_at = Instant(required=True)


class TokenRow(Schema):
    id = Id()
    created_at = Instant()
    expires_at = Instant()
    revoked_at = Instant(allow_none=True)


class OrganisationOut(Schema):
    id = Id()
    name = ma.fields.String()
    kind = ma.fields.String()
    smallholder = ma.fields.Boolean()


class RoleOut(OrganisationOut):
    id = Id(attribute="organisation_id")
    name = ma.fields.String(attribute="organisation.name")
    kind = ma.fields.String(attribute="organisation.kind")
    smallholder = ma.fields.Boolean(attribute="organisation.smallholder")
    role = ma.fields.String(attribute="name")


class PersonOut(Schema):
    id = Id()
    name = ma.fields.String()
    phone = ma.fields.String(allow_none=True)
    email = ma.fields.String(allow_none=True)
    locale = ma.fields.String()


class MeOut(Schema):
    person = ma.fields.Nested(PersonOut)
    organisations = ma.fields.List(ma.fields.Nested(RoleOut))


class InvitationIn(Schema):
    """Exactly one of ``phone`` and ``email``."""

    name = String(required=True)
    phone = Phone()
    email = Email()
    role = Choice(RoleName, load_default=str(RoleName.MEMBER))
    locale = Choice(Locale, load_default=str(Locale.VI))

    @ma.validates_schema
    def one_addressee(self, data: dict[str, Any], **kwargs: Any) -> None:
        if ("phone" in data) == ("email" in data):
            raise ValidationError("Give either phone or email.", "phone")


def invitation_status(invitation: Invitation) -> str:
    """``expired`` also tells of one that was withdrawn or sent anew."""
    if invitation.accepted_at is not None:
        return "accepted"
    return "pending" if invitation.expires_at > clock.now() else "expired"


class InvitationOut(Schema):
    id = Id()
    organisation_id = Id()
    name = ma.fields.String()
    phone = ma.fields.String(allow_none=True)
    email = ma.fields.String(allow_none=True)
    role = ma.fields.String()
    status = ma.fields.Function(
        invitation_status,
        metadata={"type": "string", "enum": ["pending", "accepted", "expired"]},
    )
    created_at = Instant()
    expires_at = Instant()


class AcceptanceIn(Schema):
    """``password`` (and ``name``) from somebody who has no account yet."""

    code = String(required=True, load_only=True)
    name = String()
    password = Password()


class AcceptanceOut(Schema):
    organisation_id = Id()
    person_id = Id()
    role = ma.fields.String(attribute="name")


class MembershipIn(Schema):
    cooperative_id = Id(required=True)


class MembershipOut(Schema):
    id = Id()
    organisation_id = Id()
    organisation_name = ma.fields.String(attribute="organisation.name")
    cooperative_id = Id()
    cooperative_name = ma.fields.String(attribute="cooperative.name")
    started_on = Day()
    ended_on = Day(allow_none=True)
    consent_given_at = Instant(allow_none=True)
    mandate_given_at = Instant(allow_none=True)
