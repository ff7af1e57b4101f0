"""What engines are given, and that both are engines."""

from mellum_ls.context.edits.history import EditLog
from mellum_ls.lsp_server.documents.store import Document, Place
from mellum_ls.lsp_server.next_edits.model_engine import ModelEngine
from mellum_ls.lsp_server.next_edits.situation import Engine, Situation
from mellum_ls.lsp_server.next_edits.symbolic_engine import SymbolicEngine
from tests.fakes.backend import ScriptedBackend


def test_without_a_folder_there_is_neither_index_nor_file() -> None:
    snapshot = Document("u", "python", 1).snapshot(Place(0, 0))
    situation = Situation(snapshot, "a.py", "", EditLog(), {})
    assert (situation.index, situation.read("b.py")) == (None, None)


def test_both_engines_have_the_one_interface() -> None:
    async def in_thread(work: object) -> object:
        return work

    engines: list[Engine] = [SymbolicEngine(in_thread), ModelEngine(ScriptedBackend().chat, in_thread)]
    assert len(engines) == 2
