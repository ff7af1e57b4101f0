"""Every setting that a client names exists in the server, and no file escapes the look for them."""

from pathlib import Path

import pytest

from mellum_ls.lsp_server.settings.listing import all_settings
from tests.editors.named_settings import FOLDER, READERS, files, of_file

EXISTING = {setting.name for setting in all_settings()}
# What is known to name settings; a file that is no longer found to has changed its way, and the look with it.
NAMING = {
    "emacs/mellum.el": {"multiline", "maxLines"},
    "helix/languages.toml": {"warmUp", "writeAhead", "nextEdits"},
    "jetbrains/README.md": {"debounceMs", "nextEdits"},
    "jetbrains/initializationOptions.json": {"debounceMs", "nextEdits"},
    "jetbrains/settings.json": {"enable", "model", "multiline", "maxLines", "context", "exclude", "disabledLanguages"},
    "jetbrains/settings.schema.json": EXISTING,
    "neovim/doc/mellum.txt": {"debounceMs", "exclude"},
    "neovim/lsp/mellum.lua": {"status"},
    "neovim/lua/mellum/commands.lua": {"enable", "model"},
}
SAMPLES = {
    ".lua": "s = { mellum = { one = { deep = 1 }, two = '} = { no = ' } } server.configure({ three = f({ x = 1 }) })",
    ".el": '(setq x \'(:other 1 :mellum (:one "a) :no" :two (:deep 1) :three nil)) :behind 2)',
    ".json": '{"mellum": {"one": {"deep": 1}, "two": 2}, "properties": {"mellum.three": {}, "mellum.server.path": {}}}',
    ".toml": "[language-server.mellum]\nconfig = { mellum = { one = { deep = 1 }, two = 2, three = [] } }",
    ".ts": 'getConfiguration("mellum").get<string>("one"); getConfiguration(SECTION, d).update("two", 1);\n'
    "workspace.getConfiguration('mellum')\n  .get('three', 'no'); getConfiguration(SECTION).get('server.path')",
    ".md": "```lua\nx = { mellum = { one = 1, two = 2 } }\n```\n`noSuch` was, and `threeFold` is 0",
    ".txt": "text mellum = { no = 1 } >lua\n\n    x = { mellum = { one = 1, two = 2, three = 3 } }\n<\n",
}


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(FOLDER)))
def test_what_a_client_names_exists(path: Path) -> None:
    assert of_file(path) <= EXISTING


def test_nothing_is_overlooked() -> None:
    found = {str(path.relative_to(FOLDER)): names for path in files() if (names := of_file(path))}
    assert {name: found.get(name) for name in NAMING} == NAMING
    # Each client says at least one of them.
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    assert {Path(name).parts[0] for name in found} == folders


@pytest.mark.parametrize("suffix", READERS)
def test_every_way_of_naming_one_is_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"sample{suffix}"
    path.write_text(SAMPLES[suffix], encoding="utf-8")
    assert of_file(path) == {"one", "two", "threeFold" if suffix == ".md" else "three"}
