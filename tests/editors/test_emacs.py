"""mellum.el: what Emacs reads, and that command, options and settings are the server's.

Where there is an Emacs it compiles and runs the file; elsewhere the parentheses are counted as its reader would.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mellum_ls.lsp_server.cli import build_parser
from mellum_ls.lsp_server.settings.fields import parse
from tests.editors.named_settings import of_elisp

FILE = Path(__file__).resolve().parents[2] / "editors" / "emacs" / "mellum.el"
EMACS = shutil.which("emacs")
# lsp-mode as far as the file uses it, in the shapes of its own functions.
_PACKAGES = """
(require 'cl-lib)
(cl-defstruct lsp-client new-connection activation-fn server-id priority add-on? multi-root initialization-options)
(defun lsp-stdio-connection (command) (list :command (funcall command)))
(defun lsp-register-client (client) (setq registered client))
(provide 'lsp-mode)
(provide 'eglot)
(setq eglot-server-programs nil mellum-command "/bin/mellum-ls")
"""
_RUN = """
(mellum-setup-lsp-mode)
(mellum-setup-copilot)
(mellum-setup-eglot '(python-mode python-ts-mode))
(princ (json-encode (list
  :lsp (plist-get (lsp-client-new-connection registered) :command)
  :addOn (lsp-client-add-on? registered)
  :options (funcall (lsp-client-initialization-options registered))
  :inline lsp-inline-completion-enable
  :copilot (cons copilot-server-executable copilot-server-args)
  :eglot (cl-remove-if-not #'stringp (cdar eglot-server-programs)))))
"""


def code() -> str:
    """The file without comments and texts."""
    text = FILE.read_text(encoding="utf-8")
    return re.sub(r'"(?:\\.|[^"\\])*"|;[^\n]*', lambda found: '""' if found[0][0] == '"' else "", text)


def test_every_parenthesis_is_closed_and_each_form_begins_a_line() -> None:
    depth = 0
    for line in code().splitlines():
        assert (depth == 0) == line.startswith("(") or not line.strip(), line
        depth += line.count("(") - line.count(")")
        assert depth >= 0, line
    assert depth == 0
    assert code().rstrip().endswith("(provide 'mellum)")


def test_command_and_settings_are_the_servers() -> None:
    text = FILE.read_text(encoding="utf-8")
    lists = re.findall(r"(?:\(list mellum-command|copilot-server-args '\() ?([^)]*)\)", text)
    assert len(lists) == 2
    for arguments in lists:
        assert build_parser().parse_args([word.strip('"') for word in arguments.split()]).stdio is True
    settings = dict.fromkeys(of_elisp(text))
    assert settings
    assert parse(settings)[1] == ()


def test_what_the_page_says_is_defined() -> None:
    page = (FILE.parent / "README.md").read_text(encoding="utf-8")
    named = {*re.findall(r"\b(mellum-(?:setup|idle|settings)[\w-]*)", page)}
    defined = {*re.findall(r"\((?:defun|defcustom) (mellum-[\w-]+)", FILE.read_text(encoding="utf-8"))}
    assert {"mellum-setup-lsp-mode", "mellum-setup-copilot", "mellum-setup-eglot"} <= named <= defined


@pytest.mark.skipif(EMACS is None, reason="there is no Emacs")
def test_emacs_compiles_and_runs_it(tmp_path: Path) -> None:
    copy = tmp_path / "mellum.el"
    shutil.copyfile(FILE, copy)
    (tmp_path / "packages.el").write_text(_PACKAGES, encoding="utf-8")
    (tmp_path / "run.el").write_text(_RUN, encoding="utf-8")
    strict = ["--eval", "(setq byte-compile-error-on-warn t)", "-f", "batch-byte-compile", str(copy)]
    subprocess.run([str(EMACS), "-Q", "--batch", *strict], check=True, capture_output=True, text=True, timeout=60)
    loads = [part for name in ("packages.el", "mellum.elc", "run.el") for part in ("-l", str(tmp_path / name))]
    done = subprocess.run(
        [str(EMACS), "-Q", "--batch", "-l", "json", *loads], check=True, capture_output=True, text=True, timeout=60
    )
    command = '["/bin/mellum-ls","serve","--stdio"]'
    options = '{"mellum":{"multiline":"auto","maxLines":16}}'
    said = f'{{"lsp":{command},"addOn":true,"options":{options},"inline":true,"copilot":{command},"eglot":{command}}}'
    assert done.stdout == said
