"""An engine with random weights in a known shape, made in their format: for measuring where no checkpoint is.

The tokenizer is the embedded model's: its ids are ids of any shape that has as many. What is written is noise.
"""

from __future__ import annotations

import argparse
import logging
import re
from dataclasses import replace

from mellum_ls.runtime.assemble import served
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.devices import Place, default_place, free_memory, plan_memory
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.formats import FormatName
from mellum_ls.runtime.profile import Profile
from mellum_ls.runtime.synthetic import released_config, synthetic_weights
from mellum_ls.runtime.tokenizer import Tokenizer

logger = logging.getLogger(__name__)


def synthetic_shape(text: str) -> ModelConfig:
    """`released`, `layers=N` for the released one with N layers, or `nano`; argparse's error for anything else."""
    layers = re.fullmatch(r"layers=([1-9][0-9]{0,2})", text)
    if text == "released":
        return released_config()
    if layers is not None:
        return released_config(int(layers[1]))
    if text == "nano":
        return replace(ModelConfig.from_file(model_directory(None) / "config.json"), num_mtp_layers=0)
    raise argparse.ArgumentTypeError(f"{text!r} is no known shape; use released, layers=N or nano")


def synthetic_engine(
    config: ModelConfig, format: FormatName | None = None, seed: int = 0, place: Place | None = None
) -> Engine:
    """An engine of this shape in the format, or the best that fits; equal seeds make equal weights.

    Raises SettingError, before anything is allocated, where it does not fit.
    """
    place = place or default_place()
    plan = plan_memory(config, free_memory(place.device), place.dtype, format, place.device.type)
    logger.info("%s", plan.why)
    weights = synthetic_weights(config, plan.format, place.device, place.dtype, seed)
    model = served(config, weights)
    folder = model_directory(None)
    tokenizer = Tokenizer.from_file(folder / "tokenizer.json")
    name = f"synthetic-{config.num_hidden_layers}-layers"
    return Engine(folder.with_name(name), model, tokenizer, Profile.derive(config, {}, tokenizer))
