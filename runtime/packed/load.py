"""Packed weights from their file, which is made first where there is none that fits.

Part by part: while it is made, two layers' floats are in memory, and nothing of the result. Knows no device's memory
(devices.py) and chooses no format.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import StorageError
from mellum_ls.runtime.formats import WeightFormat, has_mtp, load_packed, read_packed, served, stored_dtype
from mellum_ls.runtime.packed.file import Progress, Unusable, Writer, read_whole
from mellum_ls.runtime.packed.layout import LAYOUT_VERSION, NAMES, Layout
from mellum_ls.runtime.packed.naming import named, rebuilt, skeleton
from mellum_ls.runtime.packed.store import identity_of, place_for, room_to_write, tidy, used
from mellum_ls.runtime.weights import ModelWeights, tensors_to_load

logger = logging.getLogger(__name__)
SHARE = 10
"""Parts of a hundred, of which each is a line in the log."""


@dataclass(frozen=True, slots=True)
class Source:
    """A checkpoint that is to be packed in one format: all that decides what the file looks like."""

    checkpoint: Checkpoint
    config: ModelConfig
    format: WeightFormat

    def plan(self) -> tuple[ModelWeights, Layout]:
        """The model's shapes and where each tensor lies. Raises CheckpointError where the checkpoint does not fit."""
        expected = tensors_to_load(self.checkpoint, self.config)
        dtype = stored_dtype(self.checkpoint, expected)
        mtp = has_mtp(expected)
        facts = self.facts_of(self.format, dtype, mtp=mtp, source=identity_of(self.checkpoint))
        shapes = skeleton(self.config, self.format, dtype, mtp=mtp)
        return shapes, Layout.of(named(shapes), facts)

    @staticmethod
    def facts_of(format: WeightFormat, floats: torch.dtype, *, mtp: bool, source: str) -> dict[str, str]:
        """What a file's header says that it was made of."""
        return {
            "layout": str(LAYOUT_VERSION),
            "format": format.name,
            "group": str(format.group),
            "floats": NAMES[floats],
            "mtp": "1" if mtp else "0",
            "source": source,
        }


def load_kept(
    source: Source,
    device: torch.device,
    dtype: torch.dtype,
    cache_dir: Path,
    *,
    make: bool = True,
    progress: Progress | None = None,
) -> ModelWeights:
    """The packed model: from its file, else the file is made; where it cannot be kept, packed in memory.

    With `make` false a file is used and none is made. The log says why a file was not used. On a processor the weights
    stay in the file's pages. Raises CheckpointError as load_weights does.
    """
    shapes, layout = source.plan()
    path = place_for(cache_dir, source.checkpoint.directory, source.format.name)
    try:
        tensors = _kept(path, layout, progress)
        if tensors is None and not make:
            return load_packed(source.checkpoint, source.config, device, dtype, source.format)
        if tensors is None:
            make_file(source, path, layout, device, progress)
            tidy(cache_dir, keep=path)
            tensors = read_whole(path, layout, progress)
    except (StorageError, OSError, Unusable) as error:
        logger.warning("packed weights are not kept, so the next start takes as long: %s", error)
        return load_packed(source.checkpoint, source.config, device, dtype, source.format)
    used(path)
    return in_place(shapes, tensors, device, dtype)


def make_file(
    source: Source,
    path: Path,
    layout: Layout,
    device: torch.device,
    progress: Progress | None = None,
) -> None:
    """Pack the checkpoint into the file `path`, part by part, going on where an earlier try ended.

    Until the last part is on the disk, what was at `path` stays. Raises StorageError, CheckpointError, OSError.
    """
    total = layout.size - layout.data_start
    with room_to_write(path, layout.size) as partial:
        writer = Writer(partial, layout)
        try:
            if writer.done:
                logger.info("%s: going on after %d of %d parts", partial, writer.done, len(layout.parts))
            tell = _in_tenths(path)
            first = writer.done
            for part in read_packed(source.checkpoint, source.config, device, source.format, first):
                prefix = "" if isinstance(part, ModelWeights) else f"layers.{writer.done - 1}"
                writer.write(named(part, prefix))
                done = layout.parts[writer.done - 1][1] - layout.data_start
                tell(done, total)
                if progress is not None:
                    progress(done, total)
            writer.finish(path)
        finally:
            writer.close()


def _kept(path: Path, layout: Layout, progress: Progress | None) -> Mapping[str, Tensor] | None:
    """The tensors of the file; None, and a line in the log, where it is not what is wanted."""
    try:
        return read_whole(path, layout, progress)
    except FileNotFoundError:
        logger.info("packing the weights: there is no file %s yet", path)
    except Unusable as error:
        logger.warning("packing the weights anew: %s cannot be used: %s", path, error)
    return None


def in_place(
    shapes: ModelWeights, tensors: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype
) -> ModelWeights:
    """The model of these tensors, on its device and with its norms in dtype."""
    return served(rebuilt(shapes, lambda name, _: tensors[name].to(device)), dtype)


def _in_tenths(path: Path) -> Progress:
    """A listener that logs each tenth once."""
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        percent = done * 100 // total // SHARE * SHARE
        if percent > told:
            told = percent
            logger.info("%s: %d %% packed", path.name, percent)

    return tell
