"""Tiles that were measured to be the fastest, by architecture: (outputs, width, warps, stages) for each key,
(tokens, keys, warps, stages) for those of attention.

Written by `python -m mellum_ls.runtime.bench.tune` on a GPU of that architecture; see tuning.py for the keys.
"""

from collections.abc import Mapping

MEASURED: Mapping[str, Mapping[str, tuple[int, int, int, int]]] = {
    "sm_90": {  # an H200
        "attend/1": (1, 128, 4, 2),
        "attend/4": (4, 128, 8, 3),
        "down/float/few": (16, 128, 2, 4),
        "down/float/one": (4, 128, 8, 3),
        "down/int4/few": (32, 32, 2, 4),
        "down/int4/one": (1, 128, 4, 3),
        "gate_up/float/few": (16, 128, 4, 4),
        "gate_up/float/one": (4, 128, 2, 3),
        "gate_up/int4/few": (16, 32, 4, 4),
        "gate_up/int4/one": (8, 32, 4, 3),
        "head/float/few": (32, 128, 4, 4),
        "head/float/one": (4, 256, 2, 3),
        "head/int8/few": (32, 256, 4, 4),
        "head/int8/one": (1, 1024, 2, 3),
        "output/float/few": (16, 128, 2, 4),
        "output/float/one": (4, 1024, 4, 3),
        "output/int8/few": (32, 256, 4, 4),
        "output/int8/one": (1, 4096, 2, 3),
        "qkv/float/few": (16, 128, 2, 4),
        "qkv/float/one": (4, 256, 4, 3),
        "qkv/int8/few": (32, 256, 4, 4),
        "qkv/int8/one": (8, 256, 4, 3),
    },
}
