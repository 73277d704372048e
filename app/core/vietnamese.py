"""Vietnamese text: one key to search by and one to sort by.

Both are computed here and stored beside the name, so that neither depends on the collations a
database server was built with.
"""

import re
import unicodedata

APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼ`´′"))
WORDS = re.compile(r"[^\W_]+")
SYLLABLES = re.compile(r"[0-9]+|[^\W0-9_]+")

# A letter with a breve, circumflex, horn or stroke is a letter of its own and follows the plain
# one; in ASCII the brace and the bar follow "z", so they keep it there in a key.
LETTERS = {
    ("a", "\u0306"): "a{",
    ("a", "\u0302"): "a|",
    ("e", "\u0302"): "e{",
    ("o", "\u0302"): "o{",
    ("o", "\u031b"): "o|",
    ("u", "\u031b"): "u{",
}
# The order of the tones in Vietnamese dictionaries: ngang (0), huyền, hỏi, ngã, sắc, nặng.
TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}


def fold(text: str) -> str:
    """Text as people type it in haste: lower-case words without accents.

    An apostrophe joins ("B'Lao" is ``blao``) and every other mark parts ("Lang Biang - Đà Lạt"
    is ``lang biang da lat``). Who types "b lao" is served by comparing `compact` forms as well.
    """
    parted = unicodedata.normalize("NFKD", _lowered(text))
    bare = "".join(mark for mark in parted if not unicodedata.combining(mark))
    whole = unicodedata.normalize("NFC", bare.replace("đ", "d"))
    return " ".join(WORDS.findall(whole))


def compact(text: str) -> str:
    """The folded text without its spaces, under which "b lao", "B'Lao" and "blao" are one."""
    return fold(text).replace(" ", "")


def sort_key(text: str) -> str:
    """An ASCII key that, compared bytewise, puts names in the order of a Vietnamese dictionary.

    Syllable by syllable: first its letters (a ă â b c d đ …), then its tone, wherever in the
    syllable the tone is written. Numbers come before letters and in order of size.
    """
    return " ".join(_syllable_key(part) for part in SYLLABLES.findall(_lowered(text)))


def is_accented(text: str) -> bool:
    """Whether the text carries Vietnamese accents, so that it was typed with care."""
    return any(mark in "đ\u031b" or unicodedata.combining(mark) for mark in _parted(text))


def _lowered(text: str) -> str:
    """One spelling for every way of encoding the same letters, without capitals or apostrophes."""
    return unicodedata.normalize("NFKC", _parted(text).casefold()).translate(APOSTROPHES)


def _parted(text: str) -> str:
    return unicodedata.normalize("NFKD", text.lower())


def _syllable_key(syllable: str) -> str:
    if syllable.isdigit() and syllable.isascii():
        digits = syllable.lstrip("0") or "0"
        return f"{len(digits):03}{digits}"
    letters, tone = "", 0
    for letter in syllable:
        base, *marks = list(unicodedata.normalize("NFD", letter))
        letters += _letter_key(base, marks)
        tone = max(tone, *(TONES.get(mark, 0) for mark in marks), 0)
    return f"{letters}{tone}"


def _letter_key(base: str, marks: list[str]) -> str:
    if base == "đ":
        return "d{"
    for mark in marks:
        if (base, mark) in LETTERS:
            return LETTERS[base, mark]
    return base if base.isascii() else f"~{ord(base):06x}"
