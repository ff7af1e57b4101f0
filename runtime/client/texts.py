"""Long texts cross the wire once: later requests of a connection name them by hash. Knows no socket.

In a `complete` map a text of 512 characters or more is {"ref": hash, "text": text} the first time and {"ref": hash}
after that. Both ends keep the same list of what was sent, least recently used out first, so that the client knows
without asking what the runtime holds; where it is wrong, the runtime says so and the client sends all texts again.
The prefix always goes in full: it differs with every key.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from mellum_ls.runtime.errors import MessageError, UnknownText

MIN_CHARS = 512
MAX_BYTES = 8 * 1024 * 1024
HASH_BYTES = 16

Kept = TypeVar("Kept")


class SentTexts:
    """The client's end: which texts the runtime should hold."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._known: _Recent[None] = _Recent(max_bytes)

    def pack(self, wire: Mapping[str, object]) -> dict[str, object]:
        """A `complete` map with hashes for its long texts; it must be the next one that the runtime gets."""
        return _with_texts(wire, self._pack)

    def forget(self) -> None:
        """Send every text in full again: the runtime lacks one of them."""
        self._known.clear()

    def _pack(self, where: str, text: object) -> object:
        if not isinstance(text, str) or len(text) < MIN_CHARS:
            return text
        data = _encoded(text)
        ref = _hash(data)
        if ref in self._known:
            return {"ref": ref}
        self._known.put(ref, None, len(data))
        return {"ref": ref, "text": text}


class HeldTexts:
    """The runtime's end: the texts of one client."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._held: _Recent[str] = _Recent(max_bytes)

    @property
    def num_bytes(self) -> int:
        """Memory held, as UTF-8."""
        return self._held.num_bytes

    def unpack(self, wire: Mapping[str, object]) -> dict[str, object]:
        """The `complete` map with all its texts; what else is wrong with it is left to its parser.

        Raises UnknownText for a hash without its text, MessageError for a wrong one.
        """
        return _with_texts(wire, self._unpack)

    def forget(self) -> None:
        """Free the memory of all texts; clients send them again."""
        self._held.clear()

    def _unpack(self, where: str, field: object) -> object:
        if not isinstance(field, dict):
            return field
        ref, text = field.get("ref"), field.get("text")
        if not isinstance(ref, str) or not isinstance(text, str | None):
            raise MessageError(f"{where} should be text or a map of 'ref' and 'text', both text")
        if text is None:
            if ref not in self._held:
                raise UnknownText(f"{where} names a text that is not held; send it in full")
            return self._held.get(ref)
        data = _encoded(text)
        if _hash(data) != ref:
            raise MessageError(f"{where} should have the hash of its text in 'ref'")
        self._held.put(ref, text, len(data))
        return text


class _Recent(Generic[Kept]):
    """Values by key up to a sum of sizes. Equal calls on two of them leave equal keys."""

    def __init__(self, max_bytes: int) -> None:
        self.num_bytes = 0
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, tuple[Kept, int]] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        """Whether it is there; asking counts as a use."""
        if key not in self._entries:
            return False
        self._entries.move_to_end(key)
        return True

    def get(self, key: str) -> Kept:
        return self._entries[key][0]

    def put(self, key: str, value: Kept, size: int) -> None:
        if size > self._max_bytes:
            return
        if key in self._entries:
            self.num_bytes -= self._entries.pop(key)[1]
        self._entries[key] = value, size
        self.num_bytes += size
        while self.num_bytes > self._max_bytes:
            _, (_, freed) = self._entries.popitem(last=False)
            self.num_bytes -= freed

    def clear(self) -> None:
        self._entries.clear()
        self.num_bytes = 0


def _with_texts(wire: Mapping[str, object], change: Callable[[str, object], object]) -> dict[str, object]:
    """The map with `change(name, text)` for the context's texts and the suffix, in this order at both ends."""
    prompt = wire.get("prompt")
    if wire.get("t") != "complete" or not isinstance(prompt, dict):
        return dict(wire)
    changed = dict(prompt)
    context = prompt.get("context")
    if isinstance(context, list | tuple):
        changed["context"] = [
            [pair[0], change(f"complete.prompt: field 'context[{index}]'", pair[1])]
            if isinstance(pair, list | tuple) and len(pair) == 2
            else pair
            for index, pair in enumerate(context)
        ]
    if "suffix" in prompt:
        changed["suffix"] = change("complete.prompt: field 'suffix'", prompt["suffix"])
    return {**wire, "prompt": changed}


def _encoded(text: str) -> bytes:
    # A lone surrogate travels as "?", so that the other end hashes the same.
    return text.encode("utf-8", "replace")


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=HASH_BYTES).hexdigest()
