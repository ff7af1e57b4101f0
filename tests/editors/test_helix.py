"""Helix's configuration: the keys that Helix knows, the server's command and settings."""

import tomllib
from pathlib import Path

from mellum_ls.context.languages.grammars import GRAMMARS
from mellum_ls.lsp_server.cli import build_parser
from mellum_ls.lsp_server.settings.fields import parse

FILE = Path(__file__).resolve().parents[2] / "editors" / "helix" / "languages.toml"
# Of the chapter Languages in Helix's book.
SERVER_KEYS = {"command", "args", "config", "timeout", "environment", "required-root-patterns"}
FEATURES = {"code-action", "workspace-command", "diagnostics", "completion", "hover"}


def test_helix_reads_it() -> None:
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))
    assert read.keys() == {"language-server", "language"}
    assert read["language-server"].keys() == {"mellum"}
    server = read["language-server"]["mellum"]
    assert server.keys() <= SERVER_KEYS
    assert server["command"] == "mellum-ls"
    assert build_parser().parse_args(server["args"]).stdio is True
    settings, problems = parse(server["config"])
    assert problems == ()
    assert (settings.warm_up, settings.write_ahead, settings.next_edits) == (False, False, False)
    names = [language["name"] for language in read["language"]]
    assert len(set(names)) == len(names) >= 5
    assert {*names} <= {grammar.name for grammar in GRAMMARS}
    for language in read["language"]:
        assert language.keys() == {"name", "language-servers"}
        *others, ours = language["language-servers"]
        assert others, "Helix's own list is replaced: an empty one would take the user's server away"
        assert all(isinstance(name, str) for name in others)
        assert ours == {"name": "mellum", "only-features": ["code-action"]}
        assert {*ours["only-features"]} <= FEATURES
