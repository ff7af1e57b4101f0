import asyncio

import pytest

from mellum_ls.lsp_server.features import trace
from mellum_ls.lsp_server.session import Session
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost


@pytest.mark.parametrize(
    ("params", "value"),
    [({"value": "verbose"}, "verbose"), ({"value": "messages"}, "messages"), ({"value": "loud"}, "off"), ({}, "off")],
)
def test_the_client_says_what_it_wants_to_see(params: object, value: str) -> None:
    host = FakeHost()
    trace.register(host, Session(lambda _: ScriptedBackend()))
    asyncio.run(host.call("$/setTrace", params))
    assert host.traces == [value]
