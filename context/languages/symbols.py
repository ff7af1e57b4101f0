"""What is found in a text: the symbols it defines, the names it uses, the modules it imports. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["class", "function", "method", "field", "constant", "type", "module", "section"]
"""`class` is whatever has members (class, struct, trait, interface, enum, object), `type` an alias, `section` a heading
or a key of a file that is no program."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """One definition. Lines count from 0 and both ends are part of it; bytes are UTF-8 offsets, the end excluded."""

    name: str
    kind: Kind
    start_line: int
    """With the decorators, attributes and doc comment that belong to it."""
    end_line: int
    start_byte: int
    end_byte: int
    name_line: int
    signature: str
    """Its head in one line without body: `def area(self, scale: float) -> float`; at most 200 characters."""
    doc: str = ""
    """The first line of its docstring or doc comment."""
    container: str = ""
    """The symbols around it, outermost first, with dots: `Shape.Builder`; empty at the top."""


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a name is used and not defined."""

    name: str
    line: int
    start_byte: int
    end_byte: int


@dataclass(frozen=True, slots=True)
class Import:
    """One thing that a text imports, as it is written there; nothing is looked up."""

    module: str
    """`a.b`, `./x`, `crate::m`, `java.util.List`, `"stdio.h"` without the quotes. Python's leading dots stay in it."""
    names: tuple[str, ...] = ()
    """The names that are taken from it, as they are called there, `*` for all of them and `default` for JavaScript's
    default export; empty where the module itself is meant."""
    aliases: tuple[str, ...] = ()
    """What those names, or the module, are called here: as many as `names`, or one; equal where nothing is renamed.
    Empty where nothing is given a name: an import for its side effects."""
    line: int = 0
    system: bool = False
    """For C: in angle brackets."""
