import asyncio

import pytest

from mellum_ls.lsp_server.answers.completer import Suggestion
from mellum_ls.lsp_server.features import inline_completion
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.clients import Client
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost
from tests.fakes.lsp_client import inline_params

METHOD = "textDocument/inlineCompletion"
AT_4 = {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 4}}


def ask(host: FakeHost, session: Session, params: object) -> object:
    async def run() -> object:
        inline_completion.register(host, session)
        session.documents.open("u", "python", 1, "x = ")
        return await host.call(METHOD, params)

    return asyncio.run(run())


def items_of(answer: object) -> list[dict[str, object]]:
    assert isinstance(answer, dict)
    items: list[dict[str, object]] = answer["items"]
    return items


def test_an_item_always_has_a_range_and_the_command_that_tells_its_acceptance() -> None:
    session = Session(lambda _: ScriptedBackend("1"))
    [item] = items_of(ask(FakeHost(), session, inline_params("u", 0, 4)))
    command = item.pop("command")
    assert item == {"insertText": "1", "range": AT_4}
    assert isinstance(command, dict)
    assert (command["command"], len(command["arguments"])) == ("mellum.accepted", 1)
    offer = session.offers.accepted(command["arguments"][0])
    assert offer is not None
    assert offer.text == "1"


@pytest.mark.parametrize(("name", "text"), [("Neovim", "(\n)"), ("", "(\r\n)")])
def test_line_ends_are_the_documents_but_for_clients_that_keep_bare_lines(name: str, text: str) -> None:
    async def run() -> None:
        host, session = FakeHost(), Session(lambda _: ScriptedBackend("(\n)"))
        session.client = Client(name)
        inline_completion.register(host, session)
        session.documents.open("u", "python", 1, "x = \r\n")
        [item] = items_of(await host.call(METHOD, inline_params("u", 0, 4)))
        assert item["insertText"] == text

    asyncio.run(run())


def test_what_does_not_begin_with_the_text_that_it_replaces_has_one_to_be_compared_with_it() -> None:
    def shown(replaced: str) -> object:
        return inline_completion.answer([Suggestion("a):\n    pass", 0, 4, 4 + len(replaced), replaced)])

    for prefix in ("", "a", "a)"):
        [item] = shown(prefix)["items"]  # type: ignore[index]
        assert "filterText" not in item
    [item] = shown("):")["items"]  # type: ignore[index]
    assert item["filterText"] == "):a):\n    pass"


def test_the_clients_indentation_is_followed() -> None:
    host, session = FakeHost(), Session(lambda _: ScriptedBackend("if x:\n    f()"))
    options = {"tabSize": 4, "insertSpaces": False}
    [item] = items_of(ask(host, session, inline_params("u", 0, 4, formattingOptions=options)))
    assert item["insertText"] == "if x:\n\tf()"


@pytest.mark.parametrize("backend", [ScriptedBackend(""), ScriptedBackend(error="away")])
def test_nothing_is_an_empty_list(backend: ScriptedBackend) -> None:
    assert ask(FakeHost(), Session(lambda _: backend), inline_params("u", 0, 4)) == {"items": []}


def test_a_fault_of_our_own_is_an_empty_list_and_told() -> None:
    def script(_: object) -> str:
        raise RuntimeError("secret")

    session = Session(lambda _: ScriptedBackend(script))
    assert ask(FakeHost(), session, inline_params("u", 0, 4)) == {"items": []}
    assert session.health.last_error == "internal error: RuntimeError"


@pytest.mark.parametrize(
    ("streaming", "token", "texts"), [(True, 7, ["1", "1 +", "1 + 2"]), (False, 7, []), (True, None, [])]
)
def test_growing_text_needs_the_setting_and_a_token(streaming: bool, token: int | None, texts: list[str]) -> None:
    host, session = FakeHost(), Session(lambda _: ScriptedBackend("1 + 2"))
    session.configure("options", {"streaming": streaming})
    answer = ask(host, session, inline_params("u", 0, 4, partialResultToken=token))
    sent = [("$/progress", {"token": 7, "value": {"items": [{"insertText": text, "range": AT_4}]}}) for text in texts]
    assert host.notified == sent
    assert [item["insertText"] for item in items_of(answer)] == ["1 + 2"]
