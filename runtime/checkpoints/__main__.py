"""`python -m mellum_ls.runtime.checkpoints NAME OPTIONS`: a `mellum-ls models` command in a process with torch.

OPTIONS is one JSON object; the server's floor has checked the command line and knows its names. Exit codes: 0 done;
1 not possible as asked, or what was looked at is damaged; 3 the hub cannot be reached or refuses; 4 no room; 5 damaged
on the way; 130 interrupted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TextIO

from mellum_ls.runtime.errors import MellumError, PullError

INTERRUPTED = 130
COMMANDS = {"list": "listing", "pull": "pull_command", "inspect": "inspect"}


def main(argv: Sequence[str] | None = None, out: TextIO = sys.stdout, errors: TextIO = sys.stderr) -> int:
    """Run it; the exit code. Each module has `run(options, out)`."""
    name, given = sys.argv[1:3] if argv is None else argv
    options = json.loads(given)
    try:
        module = import_module(f"mellum_ls.runtime.checkpoints.{COMMANDS[name]}")
        return int(module.run(options, out))
    except (MellumError, OSError) as error:
        code = error.code if isinstance(error, PullError) else 1
        if options.get("json"):
            out.write(json.dumps({"error": str(error), "kind": type(error).__name__, "code": code}) + "\n")
        else:
            errors.write(f"mellum-ls models {name}: {error}\n")
        return code
    except KeyboardInterrupt:
        errors.write(f"mellum-ls models {name}: interrupted\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
