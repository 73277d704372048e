"""Photos of lots: whatever a telephone sends becomes a small JPEG that says nothing of where."""

from datetime import datetime
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from app.core.db import db
from app.core.errors import Problem
from app.lots.models import LARGEST_PHOTO, LONGEST_SIDE, Lot, LotPhoto

LARGEST_UPLOAD = 10 * 1024 * 1024
MOST_PIXELS = 30_000_000
FORMATS = ("JPEG", "PNG", "WEBP")
# From good to small, until the photo is small enough: quality, longest side in pixels.
TRIALS = ((80, LONGEST_SIDE), (60, LONGEST_SIDE), (50, 1024), (40, 800), (30, 480))


class PhotoUnfit(Problem):
    status, code = 422, "photo_unfit"
    vi = "Không đọc được ảnh này. Hãy chọn ảnh JPEG, PNG hoặc WebP không quá 30 triệu điểm ảnh."
    en = "This photo cannot be read. Choose a JPEG, PNG or WebP of at most 30 million pixels."


def keep_photo(*, lot: Lot, data: bytes, now: datetime) -> LotPhoto:
    """Keep a photo of a lot that has none.

    Raises:
        PhotoUnfit: it is no picture that we take, or too large.
    """
    photo = LotPhoto(
        organisation_id=lot.organisation_id, lot_id=lot.id, jpeg=shrunk(data), created_at=now
    )
    db.session.add(photo)
    db.session.flush()
    return photo


def shrunk(data: bytes) -> bytes:
    """The picture alone, upright, as JPEG of at most :data:`LARGEST_PHOTO` bytes.

    Raises:
        PhotoUnfit: it is no picture that we take, or too large.
    """
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as opened:
            width, height = opened.size
            if width * height > MOST_PIXELS:
                raise PhotoUnfit
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise PhotoUnfit from None
    for quality, side in TRIALS:
        picture.thumbnail((side, side))
        written = BytesIO()
        # Only the pixels go over: what the camera wrote beside them stays behind.
        Image.frombytes("RGB", picture.size, picture.tobytes()).save(
            written, "JPEG", quality=quality, optimize=True
        )
        if written.tell() <= LARGEST_PHOTO:
            return written.getvalue()
    raise PhotoUnfit
