"""`mellum-ls models pull`: one pull on a terminal, with bars, or with one JSON object at the end."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TextIO

from rich.console import Console

from mellum_ls.runtime.checkpoints.fetch import unheard
from mellum_ls.runtime.checkpoints.hub import Hub
from mellum_ls.runtime.checkpoints.hub_cache import HubModel
from mellum_ls.runtime.checkpoints.known import EMBEDDED
from mellum_ls.runtime.checkpoints.progress import Bars
from mellum_ls.runtime.checkpoints.pull import Pulled, pull, verify
from mellum_ls.runtime.environment import read_environment
from mellum_ls.runtime.errors import ModelNotFound

MOST_SECONDS = 16


def run(options: Mapping[str, Any], out: TextIO) -> int:
    """Pull `model` at `revision`, or with `offline` check what is here. Raises PullError and ModelNotFound."""
    environment = read_environment()
    model = wanted(options["model"], options.get("revision"))
    with Bars(Console(stderr=True)) as bars:
        listen = unheard if options.get("json") else bars
        if options.get("offline") or environment.hub_offline:
            done = verify(model, environment.hub_cache, listen=listen)
        else:
            done = pull(model, environment.hub_cache, Hub(), wait, listen=listen)
    if options.get("json"):
        out.write(json.dumps({"model": str(model), **asdict(done), "folder": str(done.folder)}) + "\n")
    else:
        out.write(in_words(model, done) + "\n")
    return 0


def wanted(name: str, revision: str | None) -> HubModel:
    """The model of that name. Raises ModelNotFound for one that is no hub's, or has two revisions."""
    if name == EMBEDDED:
        raise ModelNotFound(f"{EMBEDDED} is part of mellum-ls: there is nothing to pull")
    model = HubModel.parse(name)
    if model is None:
        raise ModelNotFound(f"{name!r:.120} is no name of a model on a hub: wanted OWNER/NAME")
    if revision is None:
        return model
    if model.revision not in (None, revision):
        raise ModelNotFound(f"{name!r:.120} and --revision {revision!r:.120} name two revisions: leave out one")
    return HubModel(model.id, revision)


def wait(failed: int) -> None:
    """Longer after each failure: what is broken for long is not mended by asking more often."""
    sys.stderr.write(f"the connection broke; trying again ({failed})\n")
    time.sleep(min(2 ** (failed - 1), MOST_SECONDS))


def in_words(model: HubModel, done: Pulled) -> str:
    """What a person wants to know of a pull that succeeded."""
    fetched = (
        f"{done.fetched_bytes / 1e9:.2f} GB of them fetched now" if done.fetched_files else "all of them here before"
    )
    return (
        f"{model} is on this machine: {done.files} files, {done.bytes / 1e9:.2f} GB, {fetched}; "
        f"every file agrees with its checksum.\n{done.folder}\n"
        f"To use it: --model {model}, or MELLUM_MODEL={model}"
    )
