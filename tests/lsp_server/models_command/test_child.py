import signal
import sys

from mellum_ls.lsp_server.models_command.child import run

ECHO = "import json, sys; sys.exit(int(json.loads(sys.argv[2])['code']) if sys.argv[1] == 'pull' else 99)"


def test_name_and_options_reach_the_child_and_its_code_comes_back() -> None:
    assert run("pull", {"code": "7"}, program=[sys.executable, "-c", ECHO]) == 7


def test_a_signal_is_told_as_shells_do() -> None:
    program = [sys.executable, "-c", f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})"]
    assert run("list", {}, program=program) == 128 + 9
