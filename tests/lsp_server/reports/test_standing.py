import pytest

from mellum_ls.lsp_server.reports.standing import Facts, Standing, Status, status_of


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (Facts(), Status(False, "Normal", "")),
        (Facts(computing=2), Status(True, "Normal", "")),
        (Facts(loading="loading the model"), Status(True, "Normal", "loading the model")),
        (Facts(failure="no model", passing=False), Status(False, "Error", "no model")),
        (Facts(failure="gone", passing=True, computing=1), Status(True, "Warning", "gone")),
        (Facts(failure="gone", loading="starting"), Status(True, "Error", "gone")),
        (Facts(inactive="kept back", failure="gone"), Status(False, "Inactive", "kept back")),
    ],
)
def test_facts_make_a_status(facts: Facts, status: Status) -> None:
    assert status_of(facts) == status


def test_watchers_hear_of_changes_only_and_of_none_before_the_start() -> None:
    standing = Standing()
    heard: list[Status] = []
    standing.watchers.append(lambda: heard.append(standing.status))
    standing.inactive("switched off")
    assert heard == []
    standing.open()
    standing.inactive("switched off")
    assert heard == [Status(False, "Inactive", "switched off")]
    standing.inactive("")
    standing.begin()
    standing.begin()
    standing.end()
    standing.end()
    standing.failed("gone", passing=True)
    standing.failed("gone", passing=False)
    standing.works()
    standing.works()
    standing.loading("starting")
    standing.loading("")
    kinds = [(status.busy, status.kind) for status in heard[1:]]
    requests = [(False, "Normal"), (True, "Normal"), (True, "Normal"), (True, "Normal"), (False, "Normal")]
    failures = [(False, "Warning"), (False, "Error"), (False, "Normal")]
    assert kinds == [*requests, *failures, (True, "Normal"), (False, "Normal")]
