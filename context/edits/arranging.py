"""How the arguments of a call follow from what the parameters were and are. Lists alone; knows no tree and no text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mellum_ls.context.edits.signatures import Argument, Parameter


@dataclass(frozen=True, slots=True)
class Step:
    """Where a parameter comes from: the index among the old ones, or None for an added one."""

    source: int | None


def steps(old: Sequence[Parameter], new: Sequence[Parameter]) -> list[Step] | None:
    """Where each new parameter comes from; None where that is not clear, or where nothing follows for calls."""
    names = [parameter.name for parameter in old]
    if "" in names[: _plain(old)] or "" in [parameter.name for parameter in new][: _plain(new)]:
        return None
    if [p.name for p in old if p.gathers] != [p.name for p in new if p.gathers]:
        return None
    sources = [names.index(parameter.name) if parameter.name in names else None for parameter in new]
    gone = [at for at in range(len(old)) if at not in sources]
    come = [at for at, source in enumerate(sources) if source is None]
    if gone and come:
        # The same place and the same type under another name; anything else is another parameter.
        if gone != come or len(old) != len(new) or len(gone) > 1:
            return None
        at = gone[0]
        if old[at].type != new[at].type or old[at].has_default != new[at].has_default:
            return None
        sources[at] = at
    return [Step(source) for source in sources]


def _plain(parameters: Sequence[Parameter]) -> int:
    return next((at for at, parameter in enumerate(parameters) if parameter.gathers), len(parameters))


def arranged(
    old: Sequence[Parameter],
    new: Sequence[Parameter],
    taken: Sequence[Step],
    given: Sequence[Argument],
    at_hand: Callable[[Parameter], str | None],
    *,
    touched: bool,
    keywords: bool,
) -> list[str] | None:
    """The texts of the arguments for the new parameters; None where the call has to be left alone.

    `touched` says that the user has been at the call, `keywords` that arguments may be given by name, `at_hand` what
    could be given for an added parameter.
    """
    bound = _bind(old, given)
    # What fits the new parameters too may have been made for them.
    if bound is None or (touched and _bind(new, given) is not None):
        return None
    plain: list[str] = []
    named: list[tuple[int, str]] = []
    by_name = False
    for parameter, step in zip(new, taken, strict=True):
        if parameter.gathers:
            continue
        argument = bound.get(step.source) if step.source is not None else None
        if argument is None and (step.source is not None or parameter.has_default):
            # Not given before, or need not be given: what follows cannot go by its place.
            by_name = True
            continue
        value = argument.value if argument is not None else at_hand(parameter)
        if value is None:
            return None
        by_name = by_name or parameter.keyword_only or (argument is not None and bool(argument.keyword))
        if not by_name:
            plain.append(value)
        elif not keywords:
            return None
        else:
            # Arguments by name stay in the order in which they were written.
            rank = given.index(argument) if argument is not None else len(given)
            named.append((rank, f"{parameter.name}={value}"))
    return [*plain, *(text for _, text in sorted(named, key=lambda one: one[0]))]


def _bind(old: Sequence[Parameter], given: Sequence[Argument]) -> dict[int, Argument] | None:
    """The arguments by the parameter that takes them; None where they do not fit the old ones."""
    if any(one.spreads for one in given) or (any(parameter.gathers for parameter in old) and len(given) > _plain(old)):
        return None
    bound: dict[int, Argument] = {}
    names = {parameter.name: at for at, parameter in enumerate(old) if not parameter.positional_only}
    for at, argument in enumerate(given):
        if argument.keyword:
            place = names.get(argument.keyword)
        else:
            place = at if at < len(old) and not old[at].keyword_only and not old[at].gathers else None
        if place is None or place in bound:
            return None
        bound[place] = argument
    needed = (at for at, parameter in enumerate(old) if not parameter.has_default and not parameter.gathers)
    return bound if all(at in bound for at in needed) else None
