"""What people read when a form is refused: no code, no English in Vietnamese, and what to do."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

import pytest
from werkzeug.test import TestResponse

from tests.api.world import World
from tests.factories import day
from tests.web.reader import Reader, address_of, pages_of, reader

LABELS = (
    "farm",
    *(
        pytest.param(one, marks=pytest.mark.slow)
        for one in ("processor", "cooperative", "operator", "authority")
    ),
)
KEPT = ("csrf_token", "idempotency_key", "version", "line_id")
GOOD = {
    "quantity": "10",
    "ask_price": "90.000",
    "bid_price": "90.000",
    "deliver_from": day(1)[:10],
    "deliver_until": day(9)[:10],
    "starts_on": day(1)[:10],
    "ends_on": day(60)[:10],
    "until": day(5)[:10],
    "full_load": "500",
    "figure": "90.000",
    "amount": "1.000",
    "reason": "Mưa",
    "name": "Lan",
    "text": "Mưa",
    "net-1": "10",
    "gross-1": "10",
    "tare-1": "1",
}
ABSURD = ("", "zzz", "-1", "9999-12-31", "99999999999999999999", "0,0000001", "x" * 3000)
CODE = re.compile(r"\b[a-z]+_[a-z_]+\b")
ENGLISH = re.compile(
    r"\b(must|not|valid|field|value|missing|unknown|please|required|the|is|of|no|true|false|null)\b",
    re.IGNORECASE,
)


class Forms(HTMLParser):
    """The forms of a page: where each goes and what a browser would send of it as it is shown."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.form: dict[str, str] | None = None
        self.select = self.area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form" and given.get("method") == "post":
            self.form = {}
            self.found.append((given.get("action", ""), self.form))
        elif self.form is None:
            return
        elif tag == "input" and name and given.get("type") != "file":
            box = given.get("type") in ("radio", "checkbox")
            if not box or "checked" in given:
                self.form[name] = value
            elif given.get("type") == "radio":
                self.form.setdefault(name, "")
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select:
            if "selected" in given:
                self.form[self.select] = value
            self.form.setdefault(self.select, value)
        elif tag == "textarea":
            self.area = name
            self.form[name] = ""

    def handle_data(self, data: str) -> None:
        if self.area and self.form is not None:
            self.form[self.area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            if self.form is not None:
                self.form.setdefault(self.select, "")
            self.select = ""
        elif tag == "textarea":
            self.area = ""


def forms_of(page: str) -> list[tuple[str, dict[str, str]]]:
    return Forms(page).found


def refusals_in(page: str) -> list[str]:
    """The sentences with which a page refuses."""
    box = re.search(r'id="refusal".*?</div>', page, re.DOTALL)
    beside = re.findall(r'<p class="fault"[^>]*>(.*?)</p>', page, re.DOTALL)
    bare = [] if box else re.findall(r"<main.*?</main>", page, re.DOTALL)
    pieces = [*beside, *([box[0]] if box else bare)]
    texts = [unescape(re.sub(r"<[^>]*>", "\n", piece)) for piece in pieces]
    return [line.strip() for text in texts for line in text.splitlines() if line.strip()]


def faults_of(sentence: str) -> list[str]:
    # Names that people gave, and what they typed, may be anything.
    plain = re.sub(r"https?://\S*|\S+@\S+|id=\"refusal\".*?>", "", sentence)
    return [*CODE.findall(plain), *ENGLISH.findall(plain)]


@pytest.mark.parametrize("label", LABELS)
def test_every_refusal_is_a_sentence_for_people(world: World, label: str) -> None:
    browser = reader(world, label)
    read, sent = set[str](), set[str]()
    wrong: dict[str, list[str]] = {}
    for rule in pages_of(world.app, "GET"):
        if rule.endswith(".csv") or rule == "/me/data.json":
            continue
        for shown in _variants(world, rule):
            answer = browser.get(shown)
            if answer.status_code != 200 or "html" not in str(answer.content_type):
                continue
            for action, form in forms_of(answer.get_data(as_text=True)):
                if action in ("/language", "/sign-out", "") or action in sent:
                    continue
                sent.add(action)
                for told, filled in _fillings(form):
                    for sentence in _refused(world, browser, action, filled):
                        read.add(sentence)
                        if faults_of(sentence):
                            wrong.setdefault(f"{action} {told}", []).append(sentence[:200])
    assert len(read) > 3, "something was refused"
    assert not wrong, wrong


def _variants(world: World, rule: str) -> list[str]:
    """A page, and where a form begins with a choice, the page that follows it."""
    address = address_of(world, rule)
    chosen = ("/sell", "/demands/new", "/saved-searches/new", "/forecasts/new")
    return [address, f"{address}?commodity=tea-shoots-fresh"] if rule in chosen else [address]


def _fillings(form: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The form filled with one absurd thing everywhere, and in one field among good ones."""
    free = [name for name in form if name not in KEPT and name != "commodity"]
    for absurd in ABSURD:
        yield absurd[:9], form | dict.fromkeys(free, absurd)
    good = {name: GOOD.get(name, form[name]) for name in free}
    for name in free:
        for absurd in ("", "zzz", "-1", "9999-12-31", "1" * 13):
            yield f"{name}={absurd}", form | good | {name: absurd}


def _refused(world: World, browser: Reader, action: str, form: dict[str, str]) -> list[str]:
    with world.untouched():
        answer = browser.client.post(action, data=form)
        assert answer.status_code < 500, (action, form)
        if answer.status_code < 400 or answer.status_code == 403:
            return []
        page = answer.get_data(as_text=True)
        return refusals_in(page)


def test_going_back_and_changing_the_quantity_says_what_was_sent_and_lets_send_another(
    world: World,
) -> None:
    processor, offer = reader(world, "processor"), world.ids["offer"]
    with world.untouched():
        shown = f"/offers/{offer}"
        page = processor.get(shown).get_data(as_text=True)
        (form,) = [one for action, one in forms_of(page) if action.endswith("/order")]
        first = processor.client.post(f"{shown}/order", data=form | {"quantity": "1"})
        assert first.status_code == 303, first.get_data(as_text=True)
        changed = processor.client.post(f"{shown}/order", data=form | {"quantity": "2"})
        assert changed.status_code == 422
        page = changed.get_data(as_text=True)
        assert "Nội dung này đã gửi rồi" in page
        assert f'href="{first.headers["Location"]}"' in page
        assert "Idempotency" not in page
        (again,) = [one for action, one in forms_of(page) if action.endswith("/order")]
        assert again["idempotency_key"] != form["idempotency_key"]
        sent = processor.client.post(f"{shown}/order", data=again | {"quantity": "2"})
        assert sent.status_code == 303, sent.get_data(as_text=True)
        assert sent.headers["Location"] != first.headers["Location"]


@pytest.mark.parametrize(
    ("label", "shown", "address", "form"),
    [
        ("processor", "/offers/{offer}", "/offers/{offer}/order", {"quantity": "1"}),
        ("processor", "/money", "/payouts", {"amount": "1.000"}),
        ("farm", "/sell?commodity=tea-shoots-fresh", "/sell", {"quantity": "7", "ask_price": "9"}),
    ],
)
def test_going_back_to_a_form_with_a_new_key_asks_before_it_makes_the_same_again(
    world: World, label: str, shown: str, address: str, form: dict[str, str]
) -> None:
    sender, place = reader(world, label), shown.format(**world.ids)

    def sent(**more: str) -> TestResponse:
        page = sender.get(place).get_data(as_text=True)
        action = address.format(**world.ids)
        (fresh, *_) = [one for to, one in forms_of(page) if to.endswith(action)]
        return sender.client.post(action, data=fresh | form | more)

    with world.untouched():
        first, again = sent(), sent()
        assert (first.status_code, again.status_code) == (303, 422), again.get_data(as_text=True)
        page = again.get_data(as_text=True)
        assert "Nội dung này đã gửi rồi" in page
        assert f'href="{first.headers["Location"]}"' in page
        assert 'name="anew" value="1"' in page
        meant = sent(anew="1")
        assert meant.status_code == 303
        assert sent().status_code == 422, "and asks each time"


def test_a_day_years_ahead_is_refused_beside_its_own_field(world: World) -> None:
    form = {
        "commodity": "tea-shoots-fresh",
        "quantity": "10",
        "ask_price": "9.000",
        "when": "later",
        "ready_on": "9999-12-31",
    }
    answer = reader(world, "farm").send("/sell", form, shown="/sell")
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert 'id="ready_on-fault"' in page
    assert "Chọn ngày gần hơn" in page
