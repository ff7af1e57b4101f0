import subprocess
import sys

import pytest

from mellum_ls.lsp_server import cli


def test_a_command_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["models"])
    assert caught.value.code == 2
    assert "list|pull|inspect" in capsys.readouterr().err


def test_serving_imports_none_of_it() -> None:
    code = (
        "import sys\nfrom mellum_ls.lsp_server import cli\ncli.build_parser('serve').parse_args(['serve'])\n"
        "print([name for name in sys.modules if 'models_command' in name])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_whole_help_lists_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert "released checkpoints: list, fetch and examine" in capsys.readouterr().out
