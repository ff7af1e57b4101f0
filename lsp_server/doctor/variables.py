"""The environment variables of mellum-ls: which cannot be used, and which folders come of them."""

from __future__ import annotations

from collections.abc import Sequence

from mellum_ls.lsp_server.doctor.checks import Check
from mellum_ls.runtime.environment import VARIABLES, Environment


def checks(environment: Environment, problems: Sequence[str], unknown: Sequence[str]) -> list[Check]:
    """The group, from what `examine_environment` and `unknown_variables` give."""
    found = [Check("variable", "failure", problem, "correct or unset it") for problem in problems]
    if unknown:
        says = "variables that nobody reads are set; their names may be misspelt"
        found.append(Check("variables", "warning", says, f"known are {', '.join(VARIABLES)}", tuple(unknown)))
    if not found:
        found.append(Check("variables", "ok", "every MELLUM_* variable that is set can be used"))
    model = environment.model or "the embedded one"
    says = f"model {model}, cache in {environment.cache_dir}, sockets in {environment.runtime_dir}"
    return [*found, Check("values", "ok", says)]
