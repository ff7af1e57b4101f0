"""`mellum-ls models inspect`: what is in a model folder, a GGUF file or a weight file, part by part; loads nothing.

A part that is damaged says so and hides no other; the exit code is then 1. Each value of the profile names the file
that it comes from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from mellum_ls.runtime.belonging import TOKENIZER_CONFIG_FILE, read_tokenizer_config
from mellum_ls.runtime.chat import TEMPLATE_FILE
from mellum_ls.runtime.checkpoints.inspection_text import in_words
from mellum_ls.runtime.checkpoints.known import EMBEDDED
from mellum_ls.runtime.checkpoints.sizes import bytes_by_format, fit
from mellum_ls.runtime.checkpoints.tensor_kinds import count, total
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.devices import Place, default_place, free_memory
from mellum_ls.runtime.environment import model_directory, read_environment
from mellum_ls.runtime.errors import MellumError, ModelNotFound
from mellum_ls.runtime.gguf_files.header import is_gguf
from mellum_ls.runtime.model_files import ModelFiles, model_files
from mellum_ls.runtime.overrides import NONE, Overrides
from mellum_ls.runtime.profile import CONFIG_FILE, STOP_TOKENS, Profile
from mellum_ls.runtime.safetensors_header import TensorEntry, read_header
from mellum_ls.runtime.tokenizer import Tokenizer
from mellum_ls.runtime.weights import MTP_PREFIX, tensors_to_load

Facts = dict[str, Any]


def run(options: Mapping[str, Any], out: TextIO) -> int:
    """Inspect `model`: a folder, a name on a hub, a weight file, or the embedded one. 1 where a part is damaged."""
    name, environment = options.get("model"), read_environment()
    file = Path(name).expanduser() if name else None
    if file is not None and file.is_file() and not is_gguf(file):
        found = inspect_file(file)
    else:
        place = default_place()
        path = model_directory(None if name == EMBEDDED else name or environment.model)
        found = Inspection(model_files(path), environment.profile, place, free_memory(place.device)).facts()
    out.write((json.dumps(found) if options.get("json") else in_words(found)) + "\n")
    return int(any("error" in part for part in found.values() if isinstance(part, dict)))


def inspect_file(file: Path) -> Facts:
    """One file of weights by itself. Raises ModelNotFound for a file of another kind, CheckpointError for a bad one."""
    if file.suffix != ".safetensors":
        raise ModelNotFound(f"{file} is no .safetensors and no GGUF file: name one, or the folder of a model")
    return {"file": str(file), "tensors": tensor_facts(read_header(file), 1)}


def tensor_facts(tensors: Mapping[str, TensorEntry], files: int) -> Facts:
    """Counts by kind and of all together."""
    kinds = count(tensors)
    return {
        "files": files,
        "kinds": {kind: tally.facts() for kind, tally in kinds.items()},
        "total": total(kinds.values()).facts(),
    }


@dataclass(slots=True)
class Inspection:
    """The parts of one folder in their order; a later one uses what an earlier one has read, as far as it came."""

    files: ModelFiles
    profile_file: Path | None
    place: Place
    free: int
    config: ModelConfig | None = None
    overrides: Overrides = NONE
    tokenizer: Tokenizer | None = None

    def facts(self) -> Facts:
        """All parts, each with `error` where it cannot be used, or `needs` where an earlier one is wanting."""
        parts: Mapping[str, Callable[[], Facts]] = {
            "config": self._config,
            "tensors": self._tensors,
            "tokenizer": self._tokenizer,
            "template": self._template,
            "profile": self._profile,
            "formats": self._formats,
        }
        return {"folder": str(self.files.path), **{part: _attempt(read) for part, read in parts.items()}}

    def _config(self) -> Facts:
        self.overrides = self.files.overrides(self.profile_file)
        config = self.config = self.overrides.apply(self.files.config())
        full = config.rope.get("full_attention")
        yarn = None if full is None else full.yarn
        return {
            "layers": config.num_hidden_layers,
            "full_attention_layers": config.layer_types.count("full_attention"),
            "sliding_window": config.sliding_window,
            "hidden_size": config.hidden_size,
            "heads": config.num_attention_heads,
            "key_value_heads": config.num_key_value_heads,
            "head_dim": config.head_dim,
            "experts": config.num_experts,
            "experts_used": config.num_experts_per_tok,
            "vocabulary": config.vocab_size,
            "context": config.max_position_embeddings,
            "yarn_factor": None if yarn is None else yarn.factor,
            "mtp_layers": config.num_mtp_layers,
        }

    def _tensors(self) -> Facts:
        checkpoint = self.files.checkpoint()
        files = len({entry.file for entry in checkpoint.tensors.values()})
        found = tensor_facts(checkpoint.tensors, files)
        found["mtp"] = any(name.startswith(MTP_PREFIX) for name in checkpoint.tensors)
        if self.config is not None:
            try:
                tensors_to_load(checkpoint, self.config)
            except MellumError as error:
                found["error"] = str(error)
        return found

    def _tokenizer(self) -> Facts:
        if self.config is None:
            return {"needs": "config"}
        tokenizer = self.tokenizer = self.files.tokenizer(self.config)
        return {
            "ids": tokenizer.vocab_size,
            "rows": self.config.vocab_size,
            "sha256": tokenizer.sha256,
            "stated": self.config.tokenizer_sha256 is not None,
            "special_ids": {text: number for text in STOP_TOKENS if (number := tokenizer.id_of(text)) is not None},
            "added_tokens": len(tokenizer.special_ids),
            "obstacle": tokenizer.obstacle,
        }

    def _template(self) -> Facts:
        profile = self._read_profile()
        if profile is None:
            return {"needs": "config and tokenizer"}
        if profile.chat is None:
            return {"present": False, "why": profile.no_chat}
        own = (self.files.path / TEMPLATE_FILE).is_file()
        file = self.overrides.path.name if "chat_template" in self.overrides.values else None
        return {
            "present": True,
            "from": file or (TEMPLATE_FILE if own else self._source(TOKENIZER_CONFIG_FILE)),
            "thinking": profile.chat.think_id is not None,
            "thinking_switch": profile.chat.has_switch(),
        }

    def _profile(self) -> Facts:
        profile, config = self._read_profile(), self.config
        if profile is None or config is None:
            return {"needs": "config and tokenizer"}
        said, mine = self.overrides.values, self.overrides.path.name

        def origin(*keys: str) -> str:
            source = self._source(CONFIG_FILE)
            return f"{source}, {mine}" if any(key in said for key in keys) else source

        fim = None if profile.fim is None else asdict(profile.fim)
        yarn = any(rope.yarn is not None for rope in config.rope.values())
        most = read_tokenizer_config(self.files.path).get("model_max_length")
        values: dict[str, tuple[Any, str]] = {
            "fim": (fim, profile.origins["fim"]),
            "fim_order": (profile.fim_order, profile.origins["fim_order"]),
            "stop_ids": (sorted(profile.stop_ids), profile.origins["stop_ids"]),
            "context": (config.max_position_embeddings, origin("context_length", "yarn")),
            "yarn": (yarn, origin("yarn")),
            "mtp": (config.num_mtp_layers > 0, origin("mtp")),
            **{key: (value, profile.origins[key]) for key, value in profile.sampling.items()},
        }
        if type(most) is int:
            values["model_max_length"] = (most, TOKENIZER_CONFIG_FILE)
        return {key: {"value": value, "from": source} for key, (value, source) in values.items()}

    def _formats(self) -> Facts:
        if self.config is None:
            return {"needs": "config"}
        return {"bytes": dict(bytes_by_format(self.config)), "fits": asdict(fit(self.config, self.place, self.free))}

    def _source(self, name: str) -> str:
        """The file of that name in a folder; a model that is one file has all in it."""
        return name if self.files.path.is_dir() else self.files.path.name

    def _read_profile(self) -> Profile | None:
        if self.config is None or self.tokenizer is None:
            return None
        return self.files.profile(self.config, self.tokenizer, self.overrides)


def _attempt(read: Callable[[], Facts]) -> Facts:
    try:
        return read()
    except MellumError as error:
        return {"error": str(error)}
