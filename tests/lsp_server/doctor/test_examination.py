import sys
from pathlib import Path

from mellum_ls.lsp_server.doctor.examination import MAX_LAST_WORDS, examine
from tests.fakes.checkpoints import write_checkpoint


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-c", code)


def test_the_real_child_reads_a_real_folder(tmp_path: Path) -> None:
    found = examine(str(write_checkpoint(tmp_path / "m")))
    assert found.end == ""
    assert found.parts["config"]["layers"] == 4
    assert found.parts["folder"]["directory"] == str(tmp_path / "m")


def test_a_crash_leaves_what_was_said_before_it() -> None:
    lines = ['{"part": "torch", "version": "1"}', "banner of a library", "[1]"]
    code = (
        f"import os, signal, sys; print(*{lines!r}, sep='\\n', flush=True); "
        "sys.stderr.write('bad\\ninstruction\\n\\n'); sys.stderr.flush(); os.kill(os.getpid(), signal.SIGILL)"
    )
    found = examine(None, program=python(code))
    assert dict(found.parts) == {"torch": {"version": "1"}}
    assert found.end == "was ended by signal 4"
    assert found.last_words == "instruction"


def test_a_child_that_fails_by_itself() -> None:
    found = examine(None, program=python("import sys; sys.exit('x' * 5000)"))
    assert found.end == "ended with code 1"
    assert len(found.last_words) == MAX_LAST_WORDS
    assert not found.parts


def test_one_that_hangs_is_ended_and_what_it_said_is_kept() -> None:
    code = 'import threading; print(\'{"part": "torch", "version": "1"}\', flush=True); threading.Event().wait()'
    found = examine(None, program=python(code), limit_seconds=2.0)
    assert found.end == "did not end within 2 s"
    assert dict(found.parts) == {"torch": {"version": "1"}}


def test_no_interpreter_at_all(tmp_path: Path) -> None:
    found = examine("m", program=(str(tmp_path / "python"),))
    assert found.end == f"cannot run {tmp_path / 'python'}: No such file or directory"
