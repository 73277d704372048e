"""Photos: whatever is sent becomes a small JPEG, or is refused."""

import random
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from app.lots.models import LARGEST_PHOTO, LONGEST_SIDE
from app.lots.photo import MOST_PIXELS, PhotoUnfit, shrunk


def picture(
    form: str, size: tuple[int, int] = (40, 20), mode: str = "RGB", **options: Any
) -> bytes:
    written = BytesIO()
    Image.new(mode, size, 1).save(written, form, **options)
    return written.getvalue()


@pytest.mark.parametrize(
    ("form", "mode"), [("JPEG", "L"), ("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGB")]
)
def test_every_kind_that_telephones_make_becomes_a_jpeg(form: str, mode: str) -> None:
    kept = Image.open(BytesIO(shrunk(picture(form, mode=mode))))
    assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (40, 20))


def test_where_a_photo_was_taken_is_forgotten_and_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (11.0, 32.0, 48.0)
    sent = picture("JPEG", exif=exif, comment=b"at home")
    assert Image.open(BytesIO(sent)).getexif().get_ifd(0x8825)
    kept = Image.open(BytesIO(shrunk(sent)))
    assert kept.size == (20, 40)
    assert not kept.getexif()
    assert "comment" not in kept.info


def test_a_large_photo_of_much_detail_is_made_small() -> None:
    noise = Image.frombytes("RGB", (1600, 1200), random.Random(1).randbytes(1600 * 1200 * 3))
    written = BytesIO()
    noise.save(written, "JPEG", quality=95)
    kept = shrunk(written.getvalue())
    assert len(kept) <= LARGEST_PHOTO < written.tell()
    assert max(Image.open(BytesIO(kept)).size) <= LONGEST_SIDE


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\xff\xd8\xff\xe0 not a photo",
        picture("JPEG")[:200],
        picture("GIF", mode="P"),
        picture("PNG", size=(MOST_PIXELS // 100 + 1, 100), mode="1"),
    ],
    ids=["nothing", "svg", "junk", "broken off", "gif", "too many pixels"],
)
def test_what_is_no_photo_or_too_large_is_refused(sent: bytes) -> None:
    with pytest.raises(PhotoUnfit):
        shrunk(sent)
