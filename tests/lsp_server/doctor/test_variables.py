from mellum_ls.lsp_server.doctor.variables import checks
from mellum_ls.runtime.environment import examine_environment, unknown_variables


def test_all_is_well_when_none_is_set() -> None:
    found = checks(*examine_environment({"HOME": "/h"}), ())
    assert [check.state for check in found] == ["ok", "ok"]
    assert "the embedded one" in found[1].says


def test_one_that_cannot_be_used_fails_with_its_message_and_one_that_is_misspelt_is_warned_about() -> None:
    given = {"MELLUM_IDLE_SECONDS": "soon", "MELLUM_MODLE": "m", "MELLUM_RUNTIME_DIR": "/r"}
    unusable, misspelt, values = checks(*examine_environment(given), unknown_variables(given))
    assert (unusable.state, misspelt.state, values.state) == ("failure", "warning", "ok")
    assert unusable.says == "MELLUM_IDLE_SECONDS is 'soon'; use a number of seconds above 0"
    assert misspelt.listed == ("MELLUM_MODLE",)
    assert "MELLUM_MODEL" in misspelt.remedy
    assert "sockets in /r" in values.says
