"""The LSP4IJ template: its files have the fields and types that LSP4IJ reads, and its command is the server.

The shapes are those of docs/UserDefinedLanguageServerTemplate.md in redhat-developer/lsp4ij.
"""

import asyncio
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.context.languages.grammars import GRAMMARS, grammar_of
from mellum_ls.lsp_server.settings.fields import parse, section_of
from mellum_ls.lsp_server.settings.listing import as_schema
from tests.editors.jetbrains_template import FILES, FOLDER, as_text
from tests.fakes.lsp_client import isolated_environment, server_process

# A dictionary is an object with no other fields; one whose name ends with ? may be left out.
Shape = dict[str, Any]
COMMAND: Shape = {"default": str, "windows": str}
CONFIGURE: Shape = {"name": str, "command": COMMAND, "update": bool}
TEMPLATE: Shape = {"id": str, "name": str, "programArgs": COMMAND, "fileTypeMappings": list}
EXEC: Shape = {"name": str, "command": COMMAND, "timeout?": int, "onSuccess?": {"configureServer": CONFIGURE}}
INSTALLER: Shape = {
    "id": str,
    "name": str,
    "executeOnStartServer": bool,
    "check": {"exec": EXEC},
    "run": {"exec": EXEC},
}


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def fits(value: Any, shape: Any, where: str = "") -> None:
    if not isinstance(shape, dict):
        assert type(value) is shape, where
        return
    assert isinstance(value, dict), where
    known = {name.removesuffix("?"): (inner, name.endswith("?")) for name, inner in shape.items()}
    assert value.keys() <= known.keys(), where
    for name, (inner, optional) in known.items():
        assert optional or name in value, f"{where}.{name} is missing"
        if name in value:
            fits(value[name], inner, f"{where}.{name}")


def commands() -> list[str]:
    """Every command that is run on this system, as it is written."""
    installer = read("installer.json")
    run = installer["run"]["exec"]
    configured = run["onSuccess"]["configureServer"]["command"]["default"]
    assert configured == read("template.json")["programArgs"]["default"]
    return [configured, installer["check"]["exec"]["command"]["default"], run["command"]["default"]]


def test_every_file_has_the_fields_that_are_read() -> None:
    fits(read("template.json"), TEMPLATE)
    fits(read("installer.json"), INSTALLER)
    for mapping in read("template.json")["fileTypeMappings"]:
        fits(mapping, {"fileType": {"name?": str, "patterns": list}, "languageId": str})
        assert mapping["fileType"]["patterns"]
        assert all(pattern.startswith("*.") for pattern in mapping["fileType"]["patterns"])
    names = {"template.json", "installer.json", "settings.json", "settings.schema.json", "initializationOptions.json"}
    assert {path.name for path in FOLDER.iterdir()} == {*names, "README.md"}


@pytest.mark.parametrize("name", FILES)
def test_what_is_generated_is_what_is_kept(name: str) -> None:
    kept = (FOLDER / name).read_text(encoding="utf-8")
    assert kept == as_text(FILES[name]()), "run python -m tests.editors.jetbrains_template"


def test_every_language_of_the_server_is_mapped_once() -> None:
    mapped = read("template.json")["fileTypeMappings"]
    names = [mapping["languageId"] for mapping in mapped]
    assert len(set(names)) == len(names)
    assert {name for grammar in GRAMMARS for name in grammar.language_ids} <= {*names}
    patterns = [pattern for mapping in mapped for pattern in mapping["fileType"]["patterns"]]
    assert len(set(patterns)) == len(patterns)
    for mapping in mapped:
        for pattern in mapping["fileType"]["patterns"]:
            assert grammar_of("a" + pattern[1:], mapping["languageId"]) == grammar_of("a" + pattern[1:])


def test_settings_are_the_servers_and_fit_their_schema() -> None:
    schema = read("settings.schema.json")["properties"]["mellum"]
    assert schema["properties"] == as_schema()["properties"]
    for name in ("settings.json", "initializationOptions.json"):
        assert section_of(read(name)) == read(name)["mellum"] != {}
        assert parse(read(name))[1] == ()
    # What users find there are the defaults: the file says where to change them, and changes nothing itself.
    given = read("settings.json")["mellum"]
    assert given == {key: schema["properties"][key]["default"] for key in given}


def environment(folder: Path) -> dict[str, str]:
    """That of an IDE, whose PATH leads to the command of this environment.

    The model process that the server starts ends soon after it.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return isolated_environment(folder, PATH=path, MELLUM_IDLE_SECONDS="1")


def test_the_command_starts_the_server_as_it_is_written(tmp_path: Path) -> None:
    async def scene() -> None:
        async with server_process(shlex.split(commands()[0]), environment(tmp_path)) as client:
            answer = await client.initialize(read("initializationOptions.json"))
            assert answer["serverInfo"]["name"] == "mellum-ls"
            assert answer["capabilities"]["inlineCompletionProvider"]
            assert not [told for told in client.notifications if "setting" in str(told)]

    asyncio.run(scene())


def test_the_installer_finds_the_program(tmp_path: Path) -> None:
    check, run = commands()[1:]
    done = subprocess.run(shlex.split(check), env=environment(tmp_path), capture_output=True, text=True, check=True)
    assert done.stdout.startswith("mellum-ls ")
    assert shlex.split(run) == ["sh", "-c", "mellum-ls doctor"]
