import json
import os
import sys
import time
import traceback

import torch

from mellum_ls.runtime.bench.gpu import decode, keystroke
from mellum_ls.runtime.bench.kernels import copy_bandwidth, measure_step
from mellum_ls.runtime.bench.parity import compare
from mellum_ls.runtime.formats import WEIGHT_FORMATS
from mellum_ls.runtime.fused import FusedModel
from mellum_ls.runtime.synthetic import few_layers, released_config, synthetic_weights

torch.inference_mode().__enter__()
dev = torch.device("cuda", 0)
t0 = time.time()


def say(*a):
    print(round(time.time() - t0, 1), *a, flush=True)


say(torch.__version__, torch.cuda.get_device_name(0))
bw = copy_bandwidth(dev)
say("copy GB/s", bw / 1e9)
cfg = released_config()
out = {}
for name in sys.argv[1:]:
    try:
        small = few_layers(cfg, 4)
        say(name, "parity", compare(small, synthetic_weights(small, WEIGHT_FORMATS[name], dev)))
        torch.cuda.empty_cache()
    except Exception:
        traceback.print_exc()
    try:
        m = FusedModel(cfg, synthetic_weights(cfg, WEIGHT_FORMATS[name], dev))
        say("made", torch.cuda.memory_allocated() / 1e9)
        for rows in (1, 4):
            r = measure_step(m, rows, 2048, bw)
            out[f"{name}{rows}"] = r
            say(name, rows, json.dumps(r))
        say(decode(m, 2048))
        say(keystroke(m, 2048))
        say(m.graphs.reason)
        del m
        torch.cuda.empty_cache()
    except Exception:
        traceback.print_exc()
json.dump(out, open(os.environ["OUT"] + "/smoke.json", "w"))
