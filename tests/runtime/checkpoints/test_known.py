from mellum_ls.runtime.checkpoints.hub_cache import HubModel
from mellum_ls.runtime.checkpoints.known import EMBEDDED, RELEASES


def test_every_release_has_a_name_of_a_hub_and_the_embedded_one_has_none() -> None:
    names = [release.id for release in RELEASES]
    assert len(set(names)) == 5
    assert all(HubModel.parse(name) == HubModel(name) for name in names)
    assert HubModel.parse(EMBEDDED) is None
    assert [name.rsplit("A2.5B-", 1)[1] for name in names] == [
        "Base",
        "Base-Pretrain",
        "Instruct",
        "Thinking",
        "Thinking",
    ]


def test_only_the_first_stage_has_a_short_context() -> None:
    assert [release.id.endswith("Pretrain") for release in RELEASES] == [
        release.context == 8192 for release in RELEASES
    ]
    assert [release.yarn for release in RELEASES] == [release.context > 8192 for release in RELEASES]
    assert all(release.chat or not release.thinking for release in RELEASES)
