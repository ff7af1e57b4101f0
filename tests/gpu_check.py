"""`make gpu-check`: on a machine with a GPU, every kernel test natively, then parity and figures in the released shape.

Needs torch, triton, safetensors, tokenizers, numpy, pytest and the checkout; what also has hypothesis runs the property
tests. Writes check.json, and figures.md, a page with the figures. Exit code 0 if all tests pass and all formats agree.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPLAYED = ("test_fused.py", "test_fused_mtp.py", "test_graphs.py")
TESTS = [
    *sorted((ROOT / "tests/kernels/_triton").glob("test_*.py")),
    *(ROOT / "tests/runtime" / name for name in REPLAYED),
]
# What compiles for other targets says nothing of this one.
UNSEEN = {"test_inspect.py", "test_compiled.py"}
TEST_SECONDS, BENCH_SECONDS = 180, 300


def run_tests() -> dict[str, dict[str, object]]:
    """All test modules, as many at a time as there are processors; exit code, last line and seconds of each."""
    waiting = [path for path in TESTS if path.name not in UNSEEN]
    running: dict[Path, tuple[subprocess.Popen[str], float]] = {}
    found: dict[str, dict[str, object]] = {}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 2):
            path = waiting.pop()
            process = subprocess.Popen(
                [*command, str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            running[path] = (process, time.monotonic())
        path, (process, started) = next(iter(running.items()))
        try:
            said = process.communicate(timeout=TEST_SECONDS)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            said = "ran out of time"
        del running[path]
        last = said.strip().splitlines()[-1] if said.strip() else ""
        found[path.name] = {
            "passed": process.returncode == 0, "said": last, "seconds": round(time.monotonic() - started, 1)
        }  # fmt: skip
        if process.returncode != 0:
            print(said[-3000:])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.gpu_check")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--formats", default="int4,int8,float")
    out, formats = (given := parser.parse_args()).out, given.formats
    out.mkdir(parents=True, exist_ok=True)
    if find_spec("hypothesis") is None:
        print("hypothesis is not installed: the property tests cannot be imported and count as failed")
    started = time.monotonic()
    tests = run_tests()
    print(f"tests: {round(time.monotonic() - started)} s")
    bench = [sys.executable, "-m", "mellum_ls.runtime.bench", "kernels", "--formats", formats]
    figures = [f"--json={out / 'figures.json'}", f"--markdown={out / 'figures.md'}"]
    code = subprocess.run([*bench, *figures], timeout=BENCH_SECONDS, check=False).returncode
    measured = json.loads((out / "figures.json").read_text()) if (out / "figures.json").is_file() else {}
    parts = measured.get("measured", {}).get("formats", {})
    agreed = {name: part["parity"]["passed"] for name, part in parts.items()}
    passed = all(test["passed"] for test in tests.values()) and code == 0 and all(agreed.values()) and bool(agreed)
    seconds = round(time.monotonic() - started, 1)
    check = {"passed": passed, "seconds": seconds, "tests": tests, "agreed": agreed, **measured}
    (out / "check.json").write_text(json.dumps(check, indent=1) + "\n")
    for name, test in tests.items():
        print(f"{name:<24} {test['said']}")
    print(f"{'passed' if passed else 'FAILED'} in {seconds} s: {out / 'check.json'}, {out / 'figures.md'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
