import inspect

from mellum_ls.runtime import errors


def test_the_docstring_draws_every_class_of_the_tree() -> None:
    classes = [cls for _, cls in inspect.getmembers(errors, inspect.isclass)]
    assert len(classes) >= 9
    for cls in classes:
        assert issubclass(cls, errors.MellumError)
        assert cls.__name__ in (errors.__doc__ or "")
