"""Go: import specs, alone or in a block. What a package calls itself is guessed from its path, as people do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from mellum_ls.context.languages.importing.source import Source, line
from mellum_ls.context.languages.symbols import Import

QUERY = "(import_spec) @import"
_MAJOR_VERSION = re.compile(r"v\d+")
_VERSION_BEHIND = re.compile(r"\.v\d+$")


def read(source: Source, node: Node) -> Iterator[Import]:
    """A dot takes the name `*`; a blank import has no alias."""
    module = source.literal(node.child_by_field_name("path"))
    if not module:
        return
    alias = source.text(node.child_by_field_name("name"))
    if alias == ".":
        yield Import(module, ("*",), ("*",), line(node))
    elif alias == "_":
        yield Import(module, (), (), line(node))
    else:
        yield Import(module, (), (alias or package_name(module),), line(node))


def package_name(path: str) -> str:
    """What the package at an import path is called by custom: `a/yaml/v2` and `gopkg.in/yaml.v3` are `yaml`."""
    *before, last = path.rstrip("/").split("/")
    if before and _MAJOR_VERSION.fullmatch(last):
        last = before[-1]
    return _VERSION_BEHIND.sub("", last)
