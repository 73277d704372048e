"""Phones, e-mail addresses, tax ids, passwords: how they are read and kept."""

import hashlib
import re
import secrets

import phonenumbers
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from marshmallow import validate
from marshmallow.exceptions import ValidationError
from stdnum.exceptions import ValidationError as BadNumber
from stdnum.vn import mst

REGION = "VN"
TOKEN_PREFIX = "blao_"  # noqa: S105 (no secret: every token begins so)
PERSONAL_ID = re.compile(r"[0-9]{12}")

# Cost parameters: OWASP password storage cheat sheet, Argon2id (19 MiB, 2 passes, 1 lane).
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_nobody = _hasher.hash(secrets.token_urlsafe(16))


def phone_number(text: str) -> str | None:
    """A mobile number in E.164 form (Vietnamese unless it has a country code), or None."""
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return None
    mobile = (
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    )
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in mobile:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email_address(text: str) -> str | None:
    """An e-mail address in lower case, or None."""
    try:
        validate.Email()(text)
    except ValidationError:
        return None
    return text.lower() if len(text) <= 254 and text.isascii() else None


def login_name(text: str) -> str | None:
    """What somebody signs in with, as it is stored: an e-mail address or a phone number."""
    return email_address(text) if "@" in text else phone_number(text)


def tax_number(text: str) -> str | None:
    """A tax code (10 or 13 digits, with its check digit) or a 12-digit personal id, or None."""
    compact = re.sub(r"[\s.-]", "", text)
    if PERSONAL_ID.fullmatch(compact):
        return compact
    try:
        return str(mst.validate(compact))
    except BadNumber:
        return None


def hash_password(password: str) -> str:
    """An Argon2id hash."""
    return _hasher.hash(password)


def password_fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; costs the same when there is nobody to compare with."""
    try:
        return _hasher.verify(password_hash or _nobody, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def new_token() -> str:
    """An unguessable token."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
