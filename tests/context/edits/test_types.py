"""What is handed around is immutable, so that an answer cannot change while another reads it."""

import dataclasses

import pytest

from mellum_ls.context.edits.types import Hunk, Proposal, Span


def test_changes_and_proposals_are_immutable_and_comparable():
    span = Span(0, 4, 0, 8)
    proposal = Proposal("a.py", span, "area", "surface", "rename", "rename of area to surface", 0.9)
    assert proposal == dataclasses.replace(proposal, span=Span(0, 4, 0, 8))
    assert hash(proposal) == hash(dataclasses.replace(proposal))
    for frozen in (span, proposal, Hunk("a.py", 0, ("x",), ("y",), 1.0)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(frozen, dataclasses.fields(frozen)[0].name, None)
