from mellum_ls.lsp_server.server import MellumServer
from mellum_ls.lsp_server.wire.host import Host
from tests.fakes.backend import ScriptedBackend


def test_the_server_is_what_its_features_expect() -> None:
    server = MellumServer(lambda _: ScriptedBackend())
    names = [name for name in vars(Host) if not name.startswith("_")]
    assert names
    assert all(callable(getattr(server, name)) for name in names)
