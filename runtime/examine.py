"""`python -m mellum_ls.runtime.examine`: what this machine and a model folder are good for, without loading the model.

One JSON object on a line for each part, as soon as it is known, so that a crash still says how far it came. A part
that cannot be used has `error`, and `kind`, the exception's name; one that was not read for want of an earlier one has
`needs`. Judges nothing: that is for whoever asked.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mellum_ls.runtime.environment import Environment, examine_environment, model_directory
from mellum_ls.runtime.gguf_files.parts import split_files
from mellum_ls.runtime.threads import default_threads

if TYPE_CHECKING:
    from mellum_ls.runtime.checkpoint import Checkpoint
    from mellum_ls.runtime.config import ModelConfig
    from mellum_ls.runtime.model_files import ModelFiles
    from mellum_ls.runtime.overrides import Overrides
    from mellum_ls.runtime.tokenizer import Tokenizer

Facts = Mapping[str, object]
# The tokens of a conversation in the released models.
CHAT_TOKENS = ("<|im_start|>", "<|im_end|>")


@dataclass(slots=True)
class Examination:
    """The parts in their order; a later one uses what an earlier one has read, as far as it came."""

    environment: Environment
    model: str | None
    directory: Path | None = None
    files: ModelFiles | None = None
    config: ModelConfig | None = None
    overrides: Overrides | None = None
    tokenizer: Tokenizer | None = None
    checkpoint: Checkpoint | None = None
    facts: dict[str, Facts] = field(default_factory=dict)

    def parts(self) -> Iterator[tuple[str, Facts]]:
        """Each part's name and what is known of it. Torch is imported here, the one slow thing."""
        for part, read in PARTS.items():
            self.facts[part] = _attempt(read, self)
            yield part, self.facts[part]

    def read_torch(self) -> Facts:
        """Its version, and how many threads would compute."""
        import torch

        return {"version": torch.__version__, "threads": self.environment.threads or default_threads()}

    def read_devices(self) -> Facts:
        """The GPUs that torch sees; where the model would be computed, and as what. Memory in bytes."""
        import torch

        from mellum_ls.runtime.devices import default_place

        place = default_place()
        gpus = []
        for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
            properties = torch.cuda.get_device_properties(index)
            free, total = torch.cuda.mem_get_info(index)
            capability = f"{properties.major}.{properties.minor}"
            gpus.append({"name": properties.name, "capability": capability, "free": free, "total": total})
        built_for = torch.version.cuda or torch.version.hip
        chosen = {"place": place.device.type, "dtype": _name(place.dtype), "why": place.why}
        return {**chosen, "gpus": gpus, "built_for": built_for}

    def read_compiled(self) -> Facts:
        """Why layers are not computed in compiled code on a processor; None if they can be."""
        from mellum_ls.kernels._cpu.binding import library

        found = library()
        return {"obstacle": found if isinstance(found, str) else None}

    def read_triton(self) -> Facts:
        """Whether GPU kernels can be compiled."""
        return {"version": str(import_module("triton").__version__)}

    def read_folder(self) -> Facts:
        """Where the model is and what it takes on disk."""
        self.directory = model_directory(self.model or self.environment.model)
        found = self.directory.iterdir() if self.directory.is_dir() else split_files(self.directory)
        sizes = [path.stat().st_size for path in found if path.is_file()]
        embedded = not (self.model or self.environment.model)
        return {"directory": str(self.directory), "bytes": sum(sizes), "embedded": embedded}

    def read_config(self) -> Facts:
        """The architecture."""
        files = self._files()
        self.overrides = files.overrides(self.environment.profile)
        config = self.config = self.overrides.apply(files.config())
        return {
            "layers": config.num_hidden_layers,
            "experts": config.num_experts,
            "experts_used": config.num_experts_per_tok,
            "positions": config.max_position_embeddings,
        }

    def read_tokenizer(self) -> Facts:
        """How many tokens there are, and why texts cannot be encoded in parts, if so."""
        tokenizer = self.tokenizer = self._files().tokenizer(self.config)
        return {"ids": tokenizer.vocab_size, "obstacle": tokenizer.obstacle}

    def read_profile(self) -> Facts:
        """What the model can do: order of its fill-in-the-middle prompts, conversation. Needs config and tokenizer."""
        if self.config is None or self.tokenizer is None or self.overrides is None:
            return {"needs": "config and tokenizer"}
        profile = self._files().profile(self.config, self.tokenizer, self.overrides)
        return {
            "fim_order": None if profile.fim is None else profile.fim_order,
            "chat": all(self.tokenizer.id_of(token) is not None for token in CHAT_TOKENS),
            "stop_ids": len(profile.stop_ids),
        }

    def read_weights(self) -> Facts:
        """Whether the files are whole; with the config, whether they are its, and how much they hold."""
        from mellum_ls.runtime.weights import MTP_PREFIX, tensors_to_load

        self.checkpoint = self._files().checkpoint()
        entries = self.checkpoint.tensors
        found: dict[str, object] = {"tensors": len(entries), "stored_as": self.checkpoint.stored_as}
        if self.config is not None:
            shapes = tensors_to_load(self.checkpoint, self.config)
            found["parameters"] = sum(map(math.prod, shapes.values()))
            found["mtp"] = any(name.startswith(MTP_PREFIX) for name in shapes)
        return found

    def read_memory(self) -> Facts:
        """Bytes that the weights take where they would be computed, and the longest prompt that fits beside them."""
        from mellum_ls.runtime.cache.budget import device_budget, fitting_retention, longest_sequence
        from mellum_ls.runtime.cache.kv_cache import Retention
        from mellum_ls.runtime.devices import default_place, free_memory, plan_memory
        from mellum_ls.runtime.formats import named_format
        from mellum_ls.runtime.service.loading import require_room

        count = self.facts["weights"].get("parameters")
        if self.config is None or not isinstance(count, int):
            return {"needs": "config and weights"}
        place = default_place()
        dtype = place.dtype
        wanted, kind = self.environment.cache_mb, named_format(self.environment.format)
        plan = plan_memory(self.config, free_memory(place.device), dtype, kind, place.device.type)
        # Floats as they are counted: with an MTP layer, which the plan leaves out.
        weights = count * dtype.itemsize if plan.format.name == "float" else plan.weights
        cache = device_budget(place.device, unloaded=weights) if wanted is None else wanted * 10**6
        retention = fitting_retention(self.config, dtype, cache, Retention())
        positions = longest_sequence(self.config, dtype, cache, retention)
        require_room(self.config, dtype, positions)
        return {"weights": weights, "format": plan.why, "cache": cache, "positions": positions}

    def _files(self) -> ModelFiles:
        from mellum_ls.runtime.model_files import model_files

        if self.files is None:
            self.files = model_files(self.directory or model_directory(self.model or self.environment.model))
        return self.files


PARTS: Mapping[str, Callable[[Examination], Facts]] = {
    "torch": Examination.read_torch,
    "devices": Examination.read_devices,
    "compiled": Examination.read_compiled,
    "triton": Examination.read_triton,
    "folder": Examination.read_folder,
    "config": Examination.read_config,
    "tokenizer": Examination.read_tokenizer,
    "profile": Examination.read_profile,
    "weights": Examination.read_weights,
    "memory": Examination.read_memory,
}


def _attempt(read: Callable[[Examination], Facts], examination: Examination) -> Facts:
    try:
        return read(examination)
    except Exception as error:  # noqa: BLE001 -- whatever a broken installation or folder throws is to be found out
        return {"error": str(error) or type(error).__name__, "kind": type(error).__name__}


def _name(dtype: object) -> str:
    return str(dtype).removeprefix("torch.")


def main(argv: Sequence[str] | None = None, out: TextIO = sys.stdout) -> int:
    """Examine and write; always 0, since what is wrong stands in the lines."""
    parser = argparse.ArgumentParser(prog="python -m mellum_ls.runtime.examine", allow_abbrev=False)
    parser.add_argument("--model", metavar="DIR", help="model folder (default: MELLUM_MODEL, else the embedded model)")
    model = parser.parse_args(argv).model
    for part, facts in Examination(examine_environment()[0], model).parts():
        out.write(json.dumps({"part": part, **facts}) + "\n")
        out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
