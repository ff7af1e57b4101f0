"""The suggestions that clients were given, by id, and what became of each: the registry behind acceptance.

Knows texts and places, no protocol and no model. Keeps the last few suggestions only and writes nothing anywhere.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from mellum_ls.lsp_server.answers.completer import Suggestion
from mellum_ls.lsp_server.documents.positions import index_of, utf16_length
from mellum_ls.lsp_server.documents.store import Document, bare
from mellum_ls.lsp_server.prompt.windows import model_text

KEPT = 64
"""So many suggestions are remembered; an acceptance of an older one is not understood any more."""

Event = Literal["offered", "shown", "accepted", "partially_accepted", "rejected", "written"]
# What becomes of an offer; each at most once, and of the last three one, but that a rejected one may yet be accepted:
# offered: given to the client;
# shown: the client says so, or it was accepted; for a client that has never said so, offered is shown;
# partially_accepted: the user took its beginning;
# accepted: the client says so;
# written: its whole text stands in the document though nobody told of an acceptance;
# rejected: it was shown, and then a different text took its place, or the next request there got nothing, or the
# document was closed. What is typed along, or back again, is the same offer with less, or more, left to show.


@dataclass(slots=True, eq=False)
class Offer:
    """One suggestion and its fate so far."""

    id: str
    uri: str
    language_id: str
    line: int
    start: int
    """UTF-16 column where its text began when it was first offered."""
    text: str
    r"""The text as it was first offered, with \n line ends."""
    suggestion: Suggestion
    """What was offered last: the text less what the user has typed of it since."""
    shown: bool = False
    partly: bool = False
    """Whether the user took a beginning of it."""
    fate: Literal["", "accepted", "written", "rejected"] = ""


Listener = Callable[[Event, Offer], None]


class Offers:
    """At most one offer is open in a document; every other has met its fate, or was only there to be leafed to."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._offers: OrderedDict[str, Offer] = OrderedDict()
        self._open: dict[str, Offer] = {}
        self._client_tells = False
        self.listeners: list[Listener] = []
        """Called at each event, in order. An accepted offer's text stands in the document by then."""

    def __len__(self) -> int:
        return len(self._offers)

    def offer(self, document: Document, suggestion: Suggestion, *, beside: bool = False) -> Offer:
        """`suggestion` is on its way to the client: a new offer, or what is left of the document's open one.

        `beside` the open one, it is there to be leafed to, and nothing becomes of it unless the client tells.
        """
        offer = self._open.get(document.uri)
        if offer is not None and not beside:
            if _goes_on(offer, document, suggestion):
                offer.suggestion = suggestion
                return offer
            self.settle(document)
        text = model_text(suggestion.text)
        offer = Offer(
            uuid4().hex, document.uri, document.language_id, suggestion.line, suggestion.start, text, suggestion
        )
        self._offers[offer.id] = offer
        if not beside:
            self._open[offer.uri] = offer
        self._tell("offered", offer)
        if not self._client_tells and not beside:
            self._show(offer)
        while len(self._offers) > self._kept:
            _, oldest = self._offers.popitem(last=False)
            if self._open.get(oldest.uri) is oldest:
                del self._open[oldest.uri]
        return offer

    def settle(self, document: Document) -> None:
        """Nothing is suggested in the document any more: its open offer, if any, was written out or rejected."""
        offer = self._open.pop(document.uri, None)
        if offer is None or offer.fate:
            return
        if _stands_in(offer, document):
            offer.fate = "written"
            self._tell("written", offer)
        elif offer.shown:
            offer.fate = "rejected"
            self._tell("rejected", offer)

    def shown(self, offer_id: str) -> Offer | None:
        """The client has shown it. The offer, or None when the id means nothing (any more)."""
        self._client_tells = True
        offer = self._offers.get(offer_id)
        if offer is not None:
            self._show(offer)
        return offer

    def accepted(self, offer_id: str) -> Offer | None:
        """The client has put its whole text into the document; returns as `shown` does.

        A text that the client took back in the meantime, so that it counted as rejected, is accepted all the same.
        """
        offer = self._offers.get(offer_id)
        if offer is None or offer.fate == "accepted":
            return offer
        # Whatever else was offered there, the user has not chosen against it.
        self._open.pop(offer.uri, None)
        self._show(offer)
        # Listeners see the fate that it had.
        self._tell("accepted", offer)
        offer.fate = "accepted"
        return offer

    def partially_accepted(self, offer_id: str, length: int) -> Offer | None:
        """The user has taken the first `length` UTF-16 units of the text last offered; returns as `shown` does."""
        offer = self._offers.get(offer_id)
        if offer is None or offer.fate == "accepted" or length <= 0:
            return offer
        if length >= utf16_length(offer.suggestion.text):
            return self.accepted(offer_id)
        self._show(offer)
        if not offer.partly:
            offer.partly = True
            self._tell("partially_accepted", offer)
        return offer

    def _show(self, offer: Offer) -> None:
        if not offer.shown:
            offer.shown = True
            self._tell("shown", offer)

    def _tell(self, event: Event, offer: Offer) -> None:
        for listener in tuple(self.listeners):
            listener(event, offer)


def _goes_on(offer: Offer, document: Document, suggestion: Suggestion) -> bool:
    """Whether the document, with `suggestion`, would read as it would have with `offer`."""
    if (suggestion.line, suggestion.start) < (offer.line, offer.start):
        return False
    typed = _text_between(document, offer.line, offer.start, suggestion.line, suggestion.start)
    return typed + model_text(suggestion.text) == offer.text


def _stands_in(offer: Offer, document: Document) -> bool:
    last = min(offer.line + offer.text.count("\n"), len(document.lines) - 1)
    return _text_between(document, offer.line, offer.start, last, None).startswith(offer.text)


def _text_between(document: Document, line: int, start: int, last: int, end: int | None) -> str:
    r"""The document from a UTF-16 column to another, with \n line ends; to the last line's end without an `end`."""
    if line > last or last >= len(document.lines):
        return ""
    lines = [bare(text) for text in document.lines[line : last + 1]]
    if end is not None:
        lines[-1] = lines[-1][: index_of(lines[-1], end)]
    lines[0] = lines[0][index_of(lines[0], start) :]
    return "\n".join(lines)
