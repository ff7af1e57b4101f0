import json, os, sys, time, traceback
from dataclasses import replace
import torch
from mellum_ls.kernels._triton.tuning import Tuning
from mellum_ls.kernels._triton.projection import Tile
from mellum_ls.runtime.bench.kernels import copy_bandwidth, measure_step, captured_times, filled_cache, all_of
from mellum_ls.runtime.bench.measure import Spread
from mellum_ls.runtime.bench.gpu import decode, prefill, keystroke
from mellum_ls.runtime.formats import WEIGHT_FORMATS
from mellum_ls.runtime.fused import FusedModel, context_bucket
from mellum_ls.runtime.synthetic import released_config, synthetic_weights

torch.inference_mode().__enter__()
dev = torch.device("cuda", 0)
t0 = time.time()


def say(*a):
    print(round(time.time() - t0, 1), *a, flush=True)


bw = copy_bandwidth(dev)
cfg = released_config()
m = FusedModel(cfg, synthetic_weights(cfg, WEIGHT_FORMATS["int4"], dev))
base = m._tuning
cache = filled_cache(m, 2048)


def whole(rows, tuning, splits=None):
    try:
        m.forward(torch.arange(100, 100 + rows), cache)
        cache.truncate(2048)
        st = m.new_step(rows, 4096, tuning, splits)
        st.run()
        full = Spread.of(captured_times("s", st.run, dev, 9)).median * 1e6
        parts = {}
        for op in ("qkv", "attend", "output", "route", "gate_up", "down"):
            ls = [l for l in st.launches if l.name == op]
            parts[op] = round(Spread.of(captured_times(op, all_of(ls), dev, 5)).median * 1e6 / len(ls), 2)
        return round(full, 1), parts
    except Exception as e:
        return repr(e)[:200]


for rows in (1, 4):
    for early in (True, False):
        for s in ((4, 4), (4, 8), (8, 8), (8, 16)):
            say(
                rows,
                "early",
                early,
                s,
                whole(rows, replace(base, early=early), {"sliding_attention": s[0], "full_attention": s[1]}),
            )
S = {"sliding_attention": 8, "full_attention": 8}
for early in (True, False):
    for name, tile in (
        ("gate_up/int4/one", Tile(16, 32, 4)),
        ("gate_up/int4/one", Tile(4, 32, 2)),
        ("gate_up/int4/one", Tile(16, 32, 8)),
        ("down/int4/one", Tile(2, 32, 2)),
        ("down/int4/one", Tile(1, 128, 4)),
        ("qkv/int8/one", Tile(4, 256, 2)),
        ("qkv/int8/one", Tile(16, 256, 4)),
        ("output/int8/one", Tile(4, 1024, 4)),
        ("output/int8/one", Tile(2, 1024, 2)),
    ):
        say(early, name, tile, whole(1, replace(base, early=early, measured={**base.measured, name: tile}), S))
say(decode(m, 2048))
say(keystroke(m, 2048))
say(prefill(m, 2048))
say(m.graphs.reason)
