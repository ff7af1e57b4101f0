"""What is remembered of texts that were encoded: a prompt is mostly what the last one was.

Knows which part of a prompt changes how; the ids are those of the tokenizer, whatever is remembered.
"""

from __future__ import annotations

from collections import OrderedDict

from mellum_ls.runtime.encoded_texts import EncodedTexts
from mellum_ls.runtime.fim import Encoders
from mellum_ls.runtime.incremental import IncrementalEncoder
from mellum_ls.runtime.tokenizer import Tokenizer


class PromptEncoders:
    """For each editing place an encoder of the text before the cursor and one of the text behind.

    Names and context files are the same for all places.
    """

    def __init__(self, tokenizer: Tokenizer, most_places: int) -> None:
        self._tokenizer, self._most = tokenizer, most_places
        self._places: OrderedDict[str, Encoders] = OrderedDict()
        self._others = EncodedTexts(tokenizer)

    def of(self, place: str) -> Encoders:
        """The encoders of a place, which remember its last prompt."""
        encoders = self._places.get(place)
        if encoders is None:
            prefix, suffix = IncrementalEncoder(self._tokenizer), IncrementalEncoder(self._tokenizer)
            encoders = Encoders(prefix.encode, suffix.encode, self._tokenizer.encode, self._others.encode)
            self._places[place] = encoders
        self._places.move_to_end(place)
        if len(self._places) > self._most:
            self._places.popitem(last=False)
        return encoders

    def clear(self) -> None:
        """Forget everything."""
        self._places.clear()
        self._others = EncodedTexts(self._tokenizer)
