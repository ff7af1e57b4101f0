"""Settings from several sources, for the window and for each workspace folder, and who may set what.

Knows which source wins and what a workspace that is not trusted may not say; what a setting means is fields.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mellum_ls.lsp_server.settings.fields import NAME_FILES, SECTION, Settings, json_name, parse, section_of

OPTIONS = "initializationOptions"
PUSHED = "didChangeConfiguration"
PULLED = "workspace/configuration"
_FILES = tuple(map(json_name, sorted(NAME_FILES)))
_TRUSTED = "trusted"


@dataclass(slots=True)
class _Layer:
    """What one source says: for the window, and for single folders."""

    window: dict[str, object] = field(default_factory=dict)
    folders: dict[str, dict[str, object]] = field(default_factory=dict)

    def of(self, folder: str | None) -> dict[str, object]:
        return {**self.window, **self.folders.get(folder or "", {})}


class SettingsLayers:
    """All sources in the order in which they last spoke: a later one wins name by name, a folder's over the window's.

    `trusted` is whether the user trusts the workspace. It is true until a client says `{"trusted": false}`, and is read
    in the options of initialize and in pushed settings only, beside the section `mellum` and never in it, where
    editors put what stands in files of the workspace. While it is false, settings that name files (NAME_FILES) are
    taken from the options of initialize alone.
    """

    def __init__(self) -> None:
        self._layers: dict[str, _Layer] = {}
        self._reported: set[str] = set()
        self._merged: dict[str | None, Settings] = {}
        self._asked = 0
        self.trusted = True

    def ask(self) -> int:
        """The client is asked for its settings; the number of that question."""
        self._asked += 1
        return self._asked

    def is_latest(self, number: int) -> bool:
        """Whether nothing has been asked after the question `number`, so that its answer counts."""
        return number == self._asked

    def take(self, name: str, raw: object, folders: Mapping[str, object] | None = None) -> tuple[str, ...]:
        """Put what the source `name` says in the place of what it said; the problems that are new, in sentences.

        `raw` is for the window; one that is no object leaves what was said. `folders` are those of single workspace
        folders by URI.
        """
        raw = self._without_trust(name, raw)
        layer = self._layers.pop(name, None) or _Layer()
        if isinstance(raw, Mapping):
            layer.window = section_of(raw)
        layer.folders = {folder: section_of(said) for folder, said in (folders or {}).items()}
        self._layers[name] = layer
        self._merged.clear()
        problems = [problem for said in (raw, *layer.folders.values()) for problem in parse(said)[1]]
        problems += self._kept_out(name, layer)
        new = tuple(problem for problem in dict.fromkeys(problems) if problem not in self._reported)
        self._reported.update(new)
        return new

    def of(self, folder: str | None = None) -> Settings:
        """The settings in force in a workspace folder, or in the window outside all of them."""
        found = self._merged.get(folder)
        if found is None:
            values: dict[str, object] = {}
            for name, layer in self._layers.items():
                said = layer.of(folder)
                values.update({key: said[key] for key in said if self._may(name, key)})
            found = self._merged[folder] = parse(values)[0]
        return found

    def _may(self, name: str, key: str) -> bool:
        return self.trusted or name == OPTIONS or key not in _FILES

    def _without_trust(self, name: str, raw: object) -> object:
        """`raw` without the word on trust, which has been heeded if the source `name` may give it."""
        if name == PULLED or not isinstance(raw, Mapping) or _TRUSTED not in raw:
            return raw
        if isinstance(raw[_TRUSTED], bool):
            self.trusted = raw[_TRUSTED]
        elif raw[_TRUSTED] is not None:
            return raw  # and parse will not know it
        return {key: value for key, value in raw.items() if key != _TRUSTED}

    def _kept_out(self, name: str, layer: _Layer) -> list[str]:
        said = [key for values in (layer.window, *layer.folders.values()) for key in values if values[key]]
        return [
            f"setting {key} is not taken from the {SECTION} settings of a workspace that is not trusted"
            for key in said
            if not self._may(name, key)
        ]
