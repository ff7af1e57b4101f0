from mellum_ls.lsp_server.actions.kinds import BY_NAME, DOCUMENT, FIX, KINDS, REFACTOR, asked_for


def test_a_kind_is_wanted_with_all_below_it() -> None:
    assert asked_for(DOCUMENT, ())
    assert asked_for(DOCUMENT, ("refactor",))
    assert asked_for(DOCUMENT, ("quickfix", REFACTOR.code))
    assert not asked_for(REFACTOR, (DOCUMENT.code,))
    assert not asked_for(FIX, ("quick",))


def test_names_and_codes_are_told_apart() -> None:
    assert len(BY_NAME) == len({kind.code for kind in KINDS}) == len(KINDS)
