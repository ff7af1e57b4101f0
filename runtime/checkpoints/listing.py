"""`mellum-ls models list`: the released checkpoints and others that are here, what each can do, and what fits.

What is known from cards is told from what was read from files. Reads no weights and asks no network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from mellum_ls.runtime.belonging import read_tokenizer
from mellum_ls.runtime.checkpoints.hub_cache import HubModel, find_snapshot
from mellum_ls.runtime.checkpoints.known import EMBEDDED, RELEASES, Release
from mellum_ls.runtime.checkpoints.sizes import bytes_by_format, fit, parameters
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.devices import Place, default_place, free_memory
from mellum_ls.runtime.environment import model_directory, read_environment
from mellum_ls.runtime.errors import MellumError
from mellum_ls.runtime.overrides import read_overrides
from mellum_ls.runtime.profile import read_profile
from mellum_ls.runtime.synthetic import RELEASED, released_config

Facts = dict[str, Any]


def run(options: Mapping[str, Any], out: TextIO) -> int:
    """Print the list; 0."""
    environment = read_environment()
    place = default_place()
    found = facts(environment.hub_cache, place, free_memory(place.device), environment.profile)
    out.write((json.dumps(found) if options.get("json") else in_words(found)) + "\n")
    return 0


def facts(cache: Path, place: Place, free: int, profile: Path | None = None) -> Facts:
    """JSON types only. `free` bytes are to be had at `place`; `profile` is the user's file, if any."""
    listed = [_embedded(profile), *(_released(release, cache, profile) for release in RELEASES)]
    listed += [_of_files(name, folder, profile) for name, folder in _others(cache)]
    for model in listed:
        config = model.pop("config")
        if config is not None:
            model |= {"parameters": parameters(config), "bytes": dict(bytes_by_format(config))}
            model["fits"] = asdict(fit(config, place, free))
    return {"cache": str(cache), "device": place.device.type, "free": free, "models": listed}


def _embedded(profile: Path | None) -> Facts:
    found = _of_files(EMBEDDED, model_directory(None), profile)
    return {**found, "what": "comes with mellum-ls: small, knows Python, shows how all works"}


def _released(release: Release, cache: Path, profile: Path | None) -> Facts:
    folder = find_snapshot(HubModel(release.id), cache)
    if folder is not None:
        return {**_of_files(release.id, folder, profile), "what": release.what}
    config = ModelConfig.from_dict(
        {**RELEASED, "layer_types": list(released_config().layer_types), **release.config_changes}
    )
    known = {
        "fim": True,
        "chat": release.chat,
        "thinking": release.thinking,
        "mtp": False,
        "context": release.context,
        "yarn": release.yarn,
    }
    return {
        "id": release.id,
        "what": release.what,
        "pulled": None,
        "profile": {**known, "from": "known"},
        "config": config,
    }


def _of_files(name: str, folder: Path, profile_file: Path | None) -> Facts:
    """A model that is here: as its files say, with what is wrong with them."""
    found: Facts = {"id": name, "what": "", "pulled": str(folder), "profile": None, "config": None}
    try:
        overrides = read_overrides(folder, profile_file)
        config = found["config"] = overrides.apply(ModelConfig.from_file(folder / "config.json"))
        tokenizer = read_tokenizer(folder, config)
        profile = read_profile(folder, config, tokenizer, overrides)
    except MellumError as error:
        return {**found, "error": str(error)}
    chat = profile.chat
    thinks = chat is not None and chat.think_id is not None
    found["profile"] = {
        "fim": profile.fim is not None,
        "chat": chat is not None,
        "thinking": thinks,
        "mtp": config.num_mtp_layers > 0,
        "context": config.max_position_embeddings,
        "yarn": any(rope.yarn is not None for rope in config.rope.values()),
        "from": "files",
    }
    return found


def _others(cache: Path) -> Iterator[tuple[str, Path]]:
    """Models of this architecture in the cache that are no release, by name."""
    known = {release.id for release in RELEASES}
    for folder in sorted(cache.glob("models--*--*")):
        model = HubModel.parse(folder.name.removeprefix("models--").replace("--", "/", 1))
        snapshot = None if model is None or model.id in known else find_snapshot(model, cache)
        if snapshot is not None and model is not None and b'"mellum"' in (snapshot / "config.json").read_bytes():
            yield model.id, snapshot


def in_words(found: Facts) -> str:
    """A block of lines for each model."""
    lines: list[str] = []
    for model in found["models"]:
        what = f": {model['what']}" if model["what"] else ""
        lines.append(f"{model['id']}{what}")
        if "parameters" in model:
            sizes = ", ".join(f"{name} {_size(count)}" for name, count in model["bytes"].items())
            lines.append(f"  {_count(model['parameters'])} parameters; {sizes}")
        if model["profile"] is not None:
            lines.append(f"  {_abilities(model['profile'])}")
        if "error" in model:
            lines.append(f"  cannot be used: {model['error']}")
        fits = model.get("fits")
        if fits is not None:
            lines.append(
                f"  fits here as {fits['format']}: {fits['why']}"
                if fits["format"]
                else f"  does not fit here: {fits['why']}"
            )
        lines.append(
            f"  here: {model['pulled']}" if model["pulled"] else f"  not here: mellum-ls models pull {model['id']}"
        )
        lines.append("")
    return "\n".join(lines).rstrip()


def _abilities(profile: Mapping[str, Any]) -> str:
    said = [
        name
        for key, name in (
            ("fim", "fills in the middle"),
            ("chat", "chats"),
            ("thinking", "thinks"),
            ("mtp", "MTP layer"),
        )
        if profile[key]
    ]
    context = f"context {profile['context']:,} tokens {'with' if profile['yarn'] else 'without'} YaRN"
    source = (
        "read from its files" if profile["from"] == "files" else "by its card; its files are read once they are here"
    )
    return f"{', '.join([*said, context])} ({source})"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _count(number: int) -> str:
    return f"{number / 1e9:.2f} billion" if number >= 1e9 else f"{number / 1e6:.1f} million"
