"""Places where a text can be cut so that its parts, encoded one by one, give the ids of the whole.

Holds for Mellum2's pre-tokenizer: every digit alone, then GPT-2's pattern (Radford 2019) on what lies between:
`'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+`. A place is safe when no match
spans it and no match before it would end elsewhere without what comes behind it:

* between another character and a blank, a tab or a line end: a match holds white space at its beginning only, and the
  lookahead of the white space before ends with the character;
* on both sides of a digit: the digits are split off first, so the pattern, lookahead included, never sees past one;
* between a letter and punctuation: no match has them in this order (a contraction has them in the other).

Not safe: after white space ("x", " y"), inside it ("\\r\\n", a run before a word), after punctuation ("'s"). Digits,
letters and punctuation are ASCII here, and the other character none that is white space, or a surrogate, in any version
of Unicode: nothing depends on whose tables are newer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import tokenizers

# All of Unicode's White_Space (PropList.txt) lies outside these ranges, and so do the surrogates.
NO_SPACE = "[!-~\u00a1-\u167f\u2010-\u2027\u2070-\u2fff\u3001-\ud7ff\ue000-\U0010ffff]"
_SAFE = re.compile(rf"(?<={NO_SPACE})(?=[\t\n\r ])|(?<=[0-9])|(?=[0-9])|(?<=[A-Za-z])(?=[!-/:-@\[-`{{-~])")


def obstacle(inner: tokenizers.Tokenizer) -> str | None:
    """Why texts of this tokenizer cannot be cut at the places of this module; None if they can."""
    if inner.normalizer is not None:
        return "it normalises text"
    ordinary = [token.content for token in inner.get_added_tokens_decoder().values() if not token.special]
    if ordinary or not inner.encode_special_tokens:
        return "it looks for added tokens in text"
    if not isinstance(inner.model, tokenizers.models.BPE) or inner.model.dropout:
        return "its model is not byte-pair encoding without dropout"
    found = None if inner.pre_tokenizer is None else json.loads(inner.pre_tokenizer.__getstate__())
    return None if _is_digits_then_words(found) else f"its pre-tokenizer is {json.dumps(found)}"


def _is_digits_then_words(found: dict[str, Any] | None) -> bool:
    match found:
        case {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Digits", "individual_digits": True},
                {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
            ],
        }:
            return True
    return False


def places(text: str, start: int, end: int) -> Iterator[int]:
    """The safe places of the text in [start, end), in order; the ends of the text are none."""
    # One more than the range: a place is known by the characters on both of its sides.
    return (place for found in _SAFE.finditer(text, max(start, 1), end + 1) if (place := found.end()) < end)
