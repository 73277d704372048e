"""Vietnamese names are found however they are typed and stand in dictionary order."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.vietnamese import compact, fold, is_accented, sort_key

LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxy"
NAMES = st.text(
    alphabet=st.one_of(
        st.sampled_from("aàảãáạăằâậbcdđeêghiklmnoòóôơợpqrstuưựvxyĐƯỞ'’- 019"), st.characters()
    )
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Phường B'Lao", "phuong blao"),
        ("Phường B’lao", "phuong blao"),
        ("ĐẠ HUOAI", "da huoai"),
        ("  Lang Biang -  Đà Lạt ", "lang biang da lat"),
        ("Đưng KNớ", "dung kno"),
        ("Chè (búp tươi), loại 1", "che bup tuoi loai 1"),
        ("", ""),
    ],
)
def test_a_name_folds_to_plain_words(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_every_way_to_type_blao_is_one() -> None:
    assert {compact(text) for text in ("b lao", "B'Lao", "B’LAO", "b-lao", "blao")} == {"blao"}


@given(NAMES)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert unicodedata.is_normalized("NFC", fold(text))


@given(NAMES)
def test_the_encoding_of_accents_does_not_matter(text: str) -> None:
    for other in (unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)):
        assert fold(other) == fold(text)
        assert sort_key(other) == sort_key(text)
        assert is_accented(other) == is_accented(text)


@given(NAMES)
def test_capitals_do_not_matter(text: str) -> None:
    assert fold(text.lower()) == fold(text)
    assert sort_key(text.lower()) == sort_key(text)


@given(NAMES)
def test_a_sort_key_is_plain_ascii(text: str) -> None:
    assert sort_key(text).isascii()
    assert sort_key(text).isprintable()


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_numbers_sort_by_size(one: int, other: int) -> None:
    assert (sort_key(f"Phường {one}") < sort_key(f"Phường {other}")) == (one < other)


@pytest.mark.parametrize(
    "names",
    [
        list(LETTERS),
        ["ma", "mà", "mả", "mã", "má", "mạ"],
        ["ba", "ban", "băn", "bân"],
        ["Phường 1", "Phường 2", "Phường 10", "Phường An Lạc", "Xã An Lạc"],
        ["Bảo Lâm 1", "Bảo Lâm 2", "Bảo Lộc", "Bình An", "Cam Ly"],
        ["Đa Quyn", "Đà Lạt", "Đạ Huoai", "Đắk Mil", "Đơn Dương"],
        ["Di Linh", "Dran", "Đạ Huoai"],
        ["bà con", "bá chủ"],
        ["lan", "lan can", "làn", "lang"],
    ],
)
def test_names_stand_in_dictionary_order(names: list[str]) -> None:
    for earlier, later in pairwise(names):
        assert sort_key(earlier).encode() < sort_key(later).encode(), (earlier, later)


def test_the_place_of_the_tone_in_a_syllable_does_not_matter() -> None:
    assert sort_key("Hòa Ninh") == sort_key("Hoà Ninh")


@pytest.mark.parametrize(("text", "accented"), [("da huoai", False), ("đa", True), ("ơ", True)])
def test_accents_are_noticed(text: str, accented: bool) -> None:
    assert is_accented(text) is accented
