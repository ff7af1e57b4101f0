"""Tiles that were measured to be the fastest, by architecture: (outputs, width, warps, stages) for each key,
(tokens, keys, warps, stages) for those of attention.

Written by `python -m mellum_ls.runtime.bench.tune` on a GPU of that architecture; see tuning.py for the keys.
"""

from collections.abc import Mapping

MEASURED: Mapping[str, Mapping[str, tuple[int, int, int, int]]] = {}
