"""How a file of packed weights is laid out: a safetensors file whose header is known before any weight is.

Header: 8 bytes of length, JSON, spaces up to a multiple of 4096. Then one part after the other, part 0 all but the
layers, part n layer n - 1; between tensors lie pads, so that each begins at a multiple of 64: mapped, it is computed
with as it lies. `__metadata__` says what the file was made of and has for each part the CRC-32 of its bytes, pads
included, or a mark that it is not written yet: so an unfinished file says itself how far it came.
Knows neither checkpoints nor where files are kept. Format: github.com/huggingface/safetensors.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

LAYOUT_VERSION = 1
"""Higher whenever the bytes of a packed matrix mean something else, or the order of the parts."""
ALIGNMENT, PAGE = 64, 4096
UNWRITTEN = "--------"
METADATA, CHECKSUMS = "__metadata__", "checksums"
NAMES = {
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.int32: "I32",
}


@dataclass(frozen=True, slots=True)
class Place:
    """One tensor: where it begins in the file, and what it is. `start` and `nbytes` count bytes."""

    start: int
    nbytes: int
    dtype: torch.dtype
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where every tensor of one model lies. `parts` are the (start, end) of each part, the last end being the size."""

    places: Mapping[str, Place]
    pads: tuple[Place, ...]
    parts: tuple[tuple[int, int], ...]
    facts: Mapping[str, str]
    data_start: int

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.parts[-1][1]

    @classmethod
    def of(cls, tensors: Iterable[tuple[str, Tensor]], facts: Mapping[str, str]) -> Layout:
        """Lay out these tensors, of which only shape and dtype count; `facts` go into the header."""
        by_part: dict[int, list[tuple[str, Tensor]]] = {0: []}
        for name, tensor in tensors:
            by_part.setdefault(part_of(name), []).append((name, tensor))
        places: dict[str, Place] = {}
        pads: list[Place] = []
        parts: list[tuple[int, int]] = []
        at = 0
        for _, members in sorted(by_part.items()):
            start = at
            for name, tensor in members:
                places[name] = Place(at, tensor.nbytes, tensor.dtype, tuple(tensor.shape))
                at += tensor.nbytes
                if at % ALIGNMENT:
                    pads.append(Place(at, -at % ALIGNMENT, torch.uint8, (-at % ALIGNMENT,)))
                    at += -at % ALIGNMENT
            parts.append((start, at))
        counted = cls(places, tuple(pads), tuple(parts), facts, 0)
        begin = len(counted.header([UNWRITTEN] * len(parts)))
        moved = {name: _moved(place, begin) for name, place in places.items()}
        shifted = tuple((start + begin, end + begin) for start, end in parts)
        return cls(moved, tuple(_moved(pad, begin) for pad in pads), shifted, facts, begin)

    def header(self, checksums: Sequence[str]) -> bytes:
        """The bytes before the data, as long for any checksums of eight characters."""
        table: dict[str, object] = {METADATA: {**self.facts, CHECKSUMS: " ".join(checksums)}}
        everything = [*self.places.items(), *((f"pad.{number}", pad) for number, pad in enumerate(self.pads))]
        for name, place in sorted(everything, key=lambda item: item[1].start):
            start = place.start - self.data_start
            table[name] = {
                "dtype": NAMES[place.dtype],
                "shape": list(place.shape),
                "data_offsets": [start, start + place.nbytes],
            }
        text = json.dumps(table, separators=(",", ":")).encode("ascii")
        text += b" " * (-(len(text) + 8) % PAGE)
        return struct.pack("<Q", len(text)) + text

    def checksums_in(self, header: bytes) -> list[str] | str:
        """The checksums that a header has; a sentence where it is another one than this layout's."""
        try:
            metadata = json.loads(header[8:])[METADATA]
            checksums = str(metadata[CHECKSUMS]).split()
            found = {str(name): str(value) for name, value in metadata.items() if name != CHECKSUMS}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return "its header is damaged"
        for name, value in self.facts.items():
            if found.get(name) != value:
                return f"its {name} is {found.get(name, 'not stated')}, wanted {value}"
        if len(checksums) != len(self.parts) or self.header(checksums) != header:
            return "its header is that of other tensors, or damaged"
        return checksums


def part_of(name: str) -> int:
    """The part that a tensor belongs to: n for a name that begins with `layers.(n - 1).`, else 0."""
    head, _, rest = name.partition(".")
    return int(rest.partition(".")[0]) + 1 if head == "layers" else 0


def _moved(place: Place, by: int) -> Place:
    return Place(place.start + by, place.nbytes, place.dtype, place.shape)
