"""What a client has said of itself at the start, as far as the server treats clients differently. Knows no method."""

from __future__ import annotations

from dataclasses import dataclass, field

from mellum_ls.lsp_server.wire.abilities import Abilities

# Keeps a buffer as bare lines and puts an accepted text into it as it comes: a \r would stay in the middle of the file.
_BARE_LINES = frozenset({"Neovim"})


@dataclass(frozen=True, slots=True)
class Client:
    """One editor; the defaults are those of a client that says nothing."""

    name: str = ""
    """What it calls itself in clientInfo."""
    speaks_copilot: bool = False
    """Whether it introduces itself as Copilot's clients do, and so knows didChangeStatus."""
    watches_files: bool = False
    """Whether the server may ask to be told of changes of files on disk."""
    shows_progress: bool = False
    """Whether the server may begin a work-done progress."""

    abilities: Abilities = field(default_factory=Abilities)
    """What it can do with code actions."""

    @property
    def keeps_bare_lines(self) -> bool:
        r"""Whether a suggestion has to come with \n whatever the document's line ends are."""
        return self.name in _BARE_LINES
