"""Writes the model card of mellum2-nano: what it is, what it learnt from and how good it was measured to be.

Takes the logs of the runs and the evaluation's Markdown as they are; measures nothing itself.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mellum_ls.runtime.nano.corpus import Package, read_packages

FRONT = """---
license: apache-2.0
language: [code]
tags: [code, fill-in-the-middle, mixture-of-experts, python]
---

# mellum2-nano

A very small code model with the architecture and the file format of JetBrains' Mellum2: 19,346,432 parameters,
8 layers (three sliding-window layers of 512 to a full one), hidden size 320, 16 experts of 64 of which 6 fire,
grouped-query attention with QK-norm, YaRN on the full layers, one MTP layer, vocabulary 10,240 with Mellum2's
special tokens and ids. It is the embedded default of mellum-ls: something that works within a minute of a
clone, on two CPU cores, in tests and in demos.

It is **not** made or endorsed by JetBrains, knows Python and little else, and is no judge of anything: it
finishes lines and short blocks from the code around them. Expect plausible names that do not exist, and read
what it writes. For real work take a released Mellum2 checkpoint.

"""

SELECTION = """**How independent these figures are.** No held-out file was trained on, but choices were made on
held-out packages: the better of two peak rates (0.002, 0.004) by held-out loss, and the rule of
token healing by exact match on holes that overlap the ones above. Five forms were compared: none,
every piece, every piece but indents, words and blanks only, and the one in use, which also leaves
an opening parenthesis alone. That last exception was made after seeing that without it the
arguments of calls no longer gained from context (23.0 % to 22.5 %). Without any healing the same
1,000 single-line holes gave 12.4 % exact match and 81.4 % parsable files. So expect somewhat less
on code that nobody looked at. One seed, one run. Of the call arguments 14 differ between the two
prompts, 11 for context (two-sided sign test p = 0.06); the whole calls differ too little to say
anything.

**What is shown.** The stop rules for echoes and loops and the rule for brackets and quotes were chosen
while looking at these 1,000 single-line holes and at 1,000 others of the same 21 packages (of those
93.6 % of the non-empty suggestions were shown and 96.7 % of the shown parsed). Before them 991
suggestions were not empty, 88.7 % of these parsed, and 0.30 % were loops; an echo now counts as empty,
and against those 991 the share shown is 91.4 %. All figures above are of one run with all of these rules and
those of the server as they are now. The 5-gram was fitted and tuned on 10.7 million tokens of 19 of the
training packages, those of `runtime/nano/opponent.toml`.

**Confirmed on 12 packages that nothing was trained or chosen on** (`runtime/nano/fresh.toml`: arpeggio,
cmd2, construct, falcon, hypercorn, nox, piccolo, plumbum, textx, tinydb, tortoise-orm, voluptuous), with all
rules of the server as they are now, 1,000 single-line holes, greedy: 24.3 % exact, edit similarity 53.0 %,
0.10 % into the token budget, no loops, 3.0 % empty. 97.2 % of the files with a shown suggestion parse (85.9 %
with any). 91.1 % of the non-empty suggestions are shown, less than on the packages above and less than the
93 % that we had wished for. Of 3,805 true rests of lines 0.05 % end early as an echo and none as a loop; of
1,174 true blocks none do. Measured on AMD EPYC, 2 cores, Python 3.11.7.

"""

HOW = """## How it was made

Trained from scratch on one NVIDIA H100 80GB in about 15 minutes (8,600 steps of 131,072 tokens, 1.13
billion tokens, about 12 passes over the data), bf16 products over fp32 weights, Muon for hidden matrices and
AdamW for the rest, peak rate 0.004, warm-up, hold and linear decay over the last 35 %. Sequences of 4,096
tokens of packed documents: 28 % plain text, the rest fill-in-the-middle, suffix first and prefix first in equal
parts, in JetBrains' layout with `<filename>` headers, half of them with excerpts of other files of the package
before the current one. Middles are rests of lines (also from inside a name), whole lines, indented blocks,
arguments and random spans. The MTP layer was trained along (loss weight 0.1, 0.25 in the decay, where it was
also trained on its own output).

`python -m mellum_ls.runtime.nano.reproduce` repeats all of it from the package list; `python -m
mellum_ls.runtime.nano.evaluate` measures it.

"""


def curve(rows: Iterable[Mapping[str, float]], batch_tokens: int) -> str:
    """Held-out loss by tokens seen, as a table."""
    lines = ["| tokens | loss | loss of the MTP layer | of its second step |", "| ---: | ---: | ---: | ---: |"]
    for row in rows:
        if "heldout_main" in row:
            tokens = row["step"] * batch_tokens / 1e6
            second = f"{row['heldout_mtp2']:.3f}" if "heldout_mtp2" in row else ""
            lines.append(f"| {tokens:,.0f} M | {row['heldout_main']:.3f} | {row['heldout_mtp1']:.3f} | {second} |")
    return "\n".join(lines)


def power_law(points: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """(floor, factor, exponent) of loss = floor + factor * tokens ** -exponent through three points.

    The floor is found by bisection: the exponent between the first two points falls below that between the last two
    as the floor rises (Kaplan et al. 2020 use the same form).
    """
    (t1, l1), (t2, l2), (t3, l3) = points

    def exponents(floor: float) -> tuple[float, float]:
        first = math.log((l1 - floor) / (l2 - floor)) / math.log(t2 / t1)
        return first, math.log((l2 - floor) / (l3 - floor)) / math.log(t3 / t2)

    low, high = 0.0, l3 - 1e-9
    for _ in range(200):
        middle = (low + high) / 2
        first, second = exponents(middle)
        low, high = (middle, high) if first > second else (low, middle)
    exponent = exponents(low)[0]
    return low, (l1 - low) * t1**exponent, exponent


def scaling_note(points: Sequence[tuple[float, float]]) -> str:
    """What a longer run of the same model would bring, extrapolated from finished runs of three lengths."""
    floor, factor, exponent = power_law(points)
    longest = points[-1][0]
    done = "; ".join(f"{tokens / 1e6:,.0f} M tokens: {loss:.3f}" for tokens, loss in points)
    ahead = "; ".join(f"{times}x: {floor + factor * (times * longest) ** -exponent:.3f}" for times in (2, 4, 10))
    return (
        "Three runs of the same shape, each with its own full schedule, ended at these held-out losses (nats per\n"
        f"token of the training mix): {done}.\n"
        f"A power law through them has its floor at {floor:.2f}; it puts longer runs at {ahead} (times\n"
        "the longest). The loss on training text ended about 0.5 below that on held-out packages, and the held-out\n"
        "curve was nearly flat before the decay. Three points fix a law of three parameters exactly, so\n"
        "nothing checks it; other packages, other seeds and larger models were not tried.\n"
    )


def data_list(packages: Sequence[Package]) -> str:
    """Every package with its version, by split and licence."""
    parts = []
    for split, title in (("heldout", "Held out for evaluation"), ("train", "Trained on")):
        chosen = [package for package in packages if package.split == split]
        parts.append(f"### {title}: {len(chosen)} packages\n")
        for licence in sorted({package.licence for package in chosen}):
            names = ", ".join(f"{p.name} {p.version}" for p in chosen if p.licence == licence)
            parts.append(f"**{licence}**: {names}\n")
    return "\n".join(parts)


def card(evaluation: str, main_log: Sequence[Mapping[str, float]], points: Sequence[tuple[float, float]]) -> str:
    """The whole card."""
    batch_tokens = 131_072
    data = (
        "## Data\n\nPython files of packages from the Python package index whose metadata declares a PSF, MIT, BSD or\n"
        "Apache licence, and nothing else: 36,865 files, 342 million characters. Left out: generated, vendored,\n"
        "fixture, minified and odd-shaped files, anything that looks like a secret, exact and near duplicates (also\n"
        "of held-out files), benchmark problems. Held out: whole packages.\n"
    )
    return "\n".join(
        [
            FRONT + "## How good it is\n",
            evaluation.strip() + "\n",
            SELECTION,
            HOW + "## Held-out loss over the run\n",
            curve(main_log, batch_tokens) + "\n",
            scaling_note(points),
            data,
            data_list(read_packages()),
        ]
    )


def main(arguments: list[str] | None = None) -> None:
    """Command line: card --evaluation FILE.md --log log.jsonl --runs TOKENS:LOSS ... --out README.md."""
    parser = argparse.ArgumentParser(prog="python -m mellum_ls.runtime.nano.card", description=__doc__)
    parser.add_argument("--evaluation", type=Path, required=True, help="Markdown that evaluate wrote")
    parser.add_argument("--log", type=Path, required=True, help="log.jsonl of the shipped run")
    parser.add_argument("--runs", nargs=3, required=True, metavar="TOKENS:LOSS", help="finished runs, shortest first")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    log = [json.loads(line) for line in options.log.read_text().splitlines()]
    points = [(float(tokens), float(loss)) for tokens, loss in (run.split(":") for run in options.runs)]
    options.out.write_text(card(options.evaluation.read_text(), log, points))


if __name__ == "__main__":
    main()
