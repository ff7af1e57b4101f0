from mellum_ls.context.selection.place import Place


def test_a_place_without_a_window_shows_all_of_its_document() -> None:
    assert Place("a.py", "", 0).shows(500, 501)


def test_a_window_shows_what_overlaps_it_and_ends_before_its_end() -> None:
    place = Place("a.py", "", 12, visible=(10, 20))
    assert place.shows(5, 11)
    assert place.shows(19, 30)
    assert not place.shows(5, 10)
    assert not place.shows(20, 30)
