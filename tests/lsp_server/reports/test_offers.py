from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.answers.completer import Suggestion
from mellum_ls.lsp_server.documents.positions import utf16_length
from mellum_ls.lsp_server.documents.store import DocumentStore, Edit, Place
from mellum_ls.lsp_server.reports.offers import KEPT, Event, Offer, Offers

URI = "file:///a.py"


class Desk:
    """One document, its offers, and the events of these by name."""

    def __init__(self, text: str = "x = ") -> None:
        self.documents = DocumentStore()
        self.document = self.documents.open(URI, "python", 1, text)
        self.offers = Offers()
        self.events: list[Event] = []
        self.offers.listeners.append(lambda event, _: self.events.append(event))

    def offer(self, text: str, start: int = 4, line: int = 0) -> Offer:
        return self.offers.offer(self.document, Suggestion(text, line, start, start))

    def type(self, text: str, character: int = 4, line: int = 0) -> None:
        place = Place(line, character)
        self.documents.change(URI, None, [Edit(text, place, place)])


def test_an_offer_is_shown_at_once_until_a_client_has_told_of_showing() -> None:
    desk = Desk()
    first = desk.offer("1")
    assert desk.events == ["offered", "shown"]
    assert desk.offers.shown(first.id) is first
    second = desk.offer("2")
    assert desk.events == ["offered", "shown", "rejected", "offered"]
    desk.offers.shown(second.id)
    desk.offers.shown(second.id)
    assert desk.events[4:] == ["shown"]


def test_typing_along_and_back_is_one_offer() -> None:
    desk = Desk("if a:\r\n")
    first = desk.offer("b = f(\n    \U0001f389)\n", 4)
    desk.type("b = f(")
    second = desk.offer("\r\n    \U0001f389)\r\n", 10)
    desk.type("\r\n    \U0001f389", 10)
    third = desk.offer(")\r\n", 6, 1)
    assert first is second is third
    assert third.suggestion == Suggestion(")\r\n", 1, 6, 6)


def test_what_is_deleted_again_comes_back_as_the_same_offer() -> None:
    desk = Desk()
    first = desk.offer("foo")
    desk.type("f")
    assert desk.offer("oo", 5) is first
    desk.documents.change(URI, None, [Edit("", Place(0, 4), Place(0, 5))])
    assert desk.offer("foo") is first
    assert desk.events == ["offered", "shown"]


def test_a_different_text_or_none_rejects_what_was_shown() -> None:
    desk = Desk()
    desk.offer("one")
    desk.type("t")
    desk.offer("wo", 5)
    assert desk.events == ["offered", "shown", "rejected", "offered", "shown"]
    desk.offers.settle(desk.document)
    desk.offers.settle(desk.document)
    assert desk.events[5:] == ["rejected"]


def test_what_was_never_shown_is_not_rejected() -> None:
    desk = Desk()
    desk.offers.shown("whatever")
    desk.offer("one")
    desk.offers.settle(desk.document)
    assert desk.events == ["offered"]


def test_a_text_that_stands_in_the_document_was_written() -> None:
    desk = Desk("x = \nlast")
    desk.offer("a(\n)")
    desk.type("a(\n) # more")
    desk.offers.settle(desk.document)
    assert desk.events == ["offered", "shown", "written"]


def test_an_acceptance_is_told_once_with_its_offer() -> None:
    desk = Desk()
    heard: list[Offer] = []
    desk.offers.listeners.append(lambda event, offer: heard.append(offer) if event == "accepted" else None)
    offer = desk.offer("1")
    desk.type("1")
    assert desk.offers.accepted(offer.id) is offer
    assert desk.offers.accepted(offer.id) is offer
    assert heard == [offer]
    desk.offers.settle(desk.document)
    assert desk.offers.partially_accepted(offer.id, 1) is offer
    assert desk.events == ["offered", "shown", "accepted"]


def test_an_acceptance_that_comes_late_still_counts_and_spares_what_was_offered_since() -> None:
    desk = Desk()
    old, _new = desk.offer("1"), desk.offer("2")
    fates: list[str] = []
    desk.offers.listeners.append(lambda event, offer: fates.append(offer.fate))
    desk.offers.accepted(old.id)
    desk.offers.settle(desk.document)
    assert desk.events[-1] == "accepted"
    assert fates == ["rejected"]


def test_a_partial_acceptance_is_told_once_and_a_whole_one_is_an_acceptance() -> None:
    desk = Desk()
    offer = desk.offer("\U0001f389 b")
    for length in (0, -1):
        desk.offers.partially_accepted(offer.id, length)
    assert desk.events == ["offered", "shown"]
    desk.offers.partially_accepted(offer.id, 2)
    desk.offers.partially_accepted(offer.id, 3)
    assert desk.events[2:] == ["partially_accepted"]
    desk.offers.partially_accepted(offer.id, 4)
    assert desk.events[3:] == ["accepted"]


def test_an_id_that_means_nothing_is_no_fault() -> None:
    offers = Offers()
    assert offers.shown("x") is offers.accepted("x") is offers.partially_accepted("x", 1) is None


def test_only_the_last_offers_are_kept() -> None:
    desk = Desk()
    first = desk.offer("first")
    for number in range(3 * KEPT):
        uri = f"file:///{number}"
        document = desk.documents.open(uri, "python", 1, "")
        last = desk.offers.offer(document, Suggestion("1", 0, 0, 0))
    assert len(desk.offers) == KEPT
    assert desk.offers.accepted(first.id) is None
    assert desk.offers.accepted(last.id) is last
    assert len(desk.offers._open) < KEPT


@given(st.text(st.sampled_from("a(\n \U0001f389中")), st.integers(0, 20))
def test_whatever_of_it_is_typed_the_rest_is_the_same_offer(text: str, typed: int) -> None:
    desk = Desk("\U0001f389 = \nbelow")
    first = desk.offer(text, 5)
    written, rest = text[:typed], text[typed:]
    desk.type(written, 5)
    tail = written.rpartition("\n")[2]
    column = utf16_length(tail) + (0 if "\n" in written else 5)
    assert desk.offer(rest, column, written.count("\n")) is first
    desk.type(rest, column, written.count("\n"))
    desk.offers.settle(desk.document)
    assert desk.events == ["offered", "shown", "written"]
