"""What the VS Code extension says of itself: its settings are the server's, its commands exist, its documents hold."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mellum_ls.lsp_server.settings.fields import parse

ROOT = Path(__file__).resolve().parents[3]
EXTENSION = ROOT / "editors" / "vscode"
SOURCES = sorted((EXTENSION / "src").rglob("*.ts"))
MANIFEST: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
CONTRIBUTES = MANIFEST["contributes"]
SETTINGS = {name: entry for section in CONTRIBUTES["configuration"] for name, entry in section["properties"].items()}
COMMANDS = {each["command"] for each in CONTRIBUTES["commands"]}
MAX_LINES = 250


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vscode_settings", EXTENSION / "settings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_sources(pattern: str) -> set[str]:
    return {found for path in SOURCES for found in re.findall(pattern, path.read_text(encoding="utf-8"))}


def texts() -> Iterator[str]:
    """All that users read of the extension."""
    yield from (path.read_text(encoding="utf-8") for path in (EXTENSION / "README.md", EXTENSION / "package.json"))
    yield from (path.read_text(encoding="utf-8") for path in (EXTENSION / "walkthrough").iterdir())


def test_the_settings_are_those_of_the_server() -> None:
    module = generator()
    wanted = module.filled(json.loads(json.dumps(MANIFEST)))
    assert wanted == MANIFEST, "run python editors/vscode/settings.py"
    # The generator itself: a setting that the server does not know is in no section that it has written.
    values = {name.removeprefix("mellum."): entry["default"] for name, entry in module.generated().items()}
    assert parse(values)[1] == ()
    assert len(values) > 20
    assert [name for name in SETTINGS if name not in module.generated()] == ["mellum.server.path"]


def test_every_setting_that_is_named_anywhere_exists() -> None:
    read = in_sources(r'getConfiguration\(SECTION[^)]*\)\s*\.(?:get|update)\("([\w.]+)"')
    assert read >= {"server.path", "nextEdits", "model"}
    named = {f"mellum.{name}" for name in read} | {
        name for text in texts() for name in re.findall(r"(?<![\w.])mellum\.[a-z]\w*(?:\.\w+)*", text)
    }
    # Of what else begins with these letters, all is listed: commands, context keys, and the status bar's item.
    others = COMMANDS | {"mellum.suggestionGrows", "mellum.nextEditVisible", "mellum.mellum"}
    assert named - others - set(SETTINGS) == set()


def test_a_workspace_that_is_not_trusted_names_no_files_and_no_program() -> None:
    trust = MANIFEST["capabilities"]["untrustedWorkspaces"]
    assert trust["supported"] == "limited"
    assert set(trust["restrictedConfigurations"]) == {
        "mellum.server.path",
        "mellum.exclude",
        "mellum.metricsFile",
        "mellum.model",
        "mellum.pinnedFiles",
    }
    assert SETTINGS["mellum.server.path"]["scope"] == "machine"


def test_every_command_is_both_offered_and_there() -> None:
    registered = in_sources(r'(?m)^\s+"(mellum\.[\w.]+)": ')
    assert registered == COMMANDS
    used = {each["command"] for each in (*CONTRIBUTES["keybindings"], *CONTRIBUTES["menus"]["commandPalette"])}
    used |= set(re.findall(r"command:(mellum\.[\w.]+)", json.dumps(MANIFEST)))
    used |= set(re.findall(r"onCommand:(mellum\.[\w.]+)", json.dumps(MANIFEST)))
    used |= in_sources(r'command: "(mellum\.[a-z]\w+)"') - {"mellum.accepted"}
    assert used <= COMMANDS


def test_what_is_said_to_the_server_is_known_there() -> None:
    server = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "lsp_server").rglob("*.py"))
    protocol = (EXTENSION / "src" / "protocol.ts").read_text(encoding="utf-8")
    names = re.findall(r'^export const [A-Z_]+ = "(.+)";$', protocol, re.MULTILINE)
    assert len(names) >= 10
    assert [name for name in (*names, "mellum.accepted") if f'"{name}"' not in server] == []


def test_it_needs_no_proposed_api_and_exact_versions() -> None:
    assert "enabledApiProposals" not in MANIFEST
    assert MANIFEST["engines"]["vscode"] == f"^{MANIFEST['devDependencies']['@types/vscode']}"
    lock = json.loads((EXTENSION / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, version in MANIFEST["devDependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert lock[f"node_modules/{name}"]["version"] == version
    assert int(MANIFEST["devDependencies"]["vscode-languageclient"].split(".")[0]) >= 10
    assert all("integrity" in entry for path, entry in lock.items() if path)
    assert "://" not in json.dumps([entry.get("resolved", "") for entry in lock.values()])


def test_the_readme_shows_files_that_work() -> None:
    example = (EXTENSION / "settings.example.json").read_text(encoding="utf-8")
    assert f"```json\n{example}```" in (EXTENSION / "README.md").read_text(encoding="utf-8")
    values = json.loads(example)
    assert set(values) <= set(SETTINGS)
    assert parse({name.removeprefix("mellum."): value for name, value in values.items()})[1] == ()


def test_what_it_names_is_there_and_goes_along() -> None:
    taken = (EXTENSION / ".vscodeignore").read_text(encoding="utf-8").splitlines()
    assert taken[0] == "**"
    named = {MANIFEST["icon"], "LICENSE", "README.md", "images/next-edit.svg", MANIFEST["main"].removeprefix("./")}
    assert {f"!{name}" for name in named} <= set(taken)
    steps = [step for guide in CONTRIBUTES["walkthroughs"] for step in guide["steps"]]
    assert all((EXTENSION / step["media"]["markdown"]).is_file() for step in steps)
    assert {Path(step["media"]["markdown"]).name for step in steps} == {
        path.name for path in (EXTENSION / "walkthrough").iterdir()
    }
    icon = (EXTENSION / MANIFEST["icon"]).read_bytes()
    assert icon.startswith(b"\x89PNG")
    assert int.from_bytes(icon[16:20]) == int.from_bytes(icon[20:24]) == 128
    assert (EXTENSION / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_modules_are_small_and_say_what_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("/**")
    assert len(text.splitlines()) < MAX_LINES
