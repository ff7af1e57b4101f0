"""Writes the server's settings into package.json, as VS Code wants them; with --check only says whether they are there.

What a setting is called, means and may be is the server's alone: this file knows how an editor is told.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from mellum_ls.lsp_server.settings.fields import NAME_FILES, SECTION, json_name
from mellum_ls.lsp_server.settings.listing import as_schema

MANIFEST = Path(__file__).with_name("package.json")
SET_BY_THE_EXTENSION = frozenset({"status"})
"""The status bar needs it, so it is always on."""
OF_THE_EXTENSION = f"{SECTION}.server."
"""What the settings that the server does not know begin with."""


def generated() -> dict[str, dict[str, object]]:
    """`contributes.configuration.properties` for all settings of the server, in its order."""
    schema: Any = as_schema()["properties"]
    names_files = {json_name(name) for name in NAME_FILES}
    properties: dict[str, dict[str, object]] = {}
    for order, (name, entry) in enumerate(schema.items()):
        if name in SET_BY_THE_EXTENSION:
            continue
        shown = {key: value for key, value in entry.items() if key != "description"}
        # One model serves the whole window, and so does one file of metrics.
        scope = "window" if name in ("model", "metricsFile") else "resource"
        properties[f"{SECTION}.{name}"] = {
            **shown,
            "markdownDescription": entry["description"],
            "scope": scope,
            "order": order,
            **({"tags": ["files"]} if name in names_files else {}),
        }
    return properties


def restricted() -> list[str]:
    """The settings that a workspace which is not trusted may not set."""
    return [f"{OF_THE_EXTENSION}path", *sorted(f"{SECTION}.{json_name(name)}" for name in NAME_FILES)]


def filled(manifest: dict[str, Any]) -> dict[str, Any]:
    """`manifest` with what is generated in its place."""
    sections = manifest["contributes"]["configuration"]
    sections[-1]["properties"] = generated()
    manifest["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"] = restricted()
    return manifest


def main() -> int:
    """Write, or with --check compare; 1 when package.json says something else."""
    text = MANIFEST.read_text(encoding="utf-8")
    wanted = json.dumps(filled(json.loads(text)), indent=2, ensure_ascii=False) + "\n"
    if "--check" in sys.argv[1:]:
        return int(text != wanted)
    MANIFEST.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
