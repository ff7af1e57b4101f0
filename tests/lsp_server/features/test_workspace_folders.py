import asyncio

from mellum_ls.lsp_server.features import workspace_folders
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost


def test_roots_follow_the_workspace() -> None:
    host, session = FakeHost(), Session(lambda _: ScriptedBackend())
    session.roots = ("file:///a", "file:///b")
    workspace_folders.register(host, session)
    event = {"added": [{"uri": "file:///c"}, {"uri": "file:///b"}], "removed": [{"uri": "file:///a"}]}
    asyncio.run(host.call("workspace/didChangeWorkspaceFolders", {"event": event}))
    assert session.roots == ("file:///b", "file:///c")


def test_a_new_folder_is_asked_about_where_the_client_answers() -> None:
    for pulls in (False, True):
        host = FakeHost({"workspace/configuration": [None, {"maxLines": 2}]})
        session = Session(lambda _: ScriptedBackend())
        session.pulls_configuration = pulls
        workspace_folders.register(host, session)
        event = {"added": [{"uri": "file:///c"}], "removed": []}
        asyncio.run(host.call("workspace/didChangeWorkspaceFolders", {"event": event}))
        assert session.settings_for("file:///c/x.py").max_lines == (2 if pulls else 16)
        assert len(host.asked) == pulls
