"""A version that is no release sorts after every release that its commit descends from, and before the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from semver import Version

from pipeline_kit.errors import Failure
from pipeline_kit.model.event import Event
from pipeline_kit.model.rules import Rules
from pipeline_kit.versioning.next import next_version
from pipeline_kit.versioning.release import next_release
from tests.world.random_history import RandomReleases, Writer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.repository import Repository

LOCAL = Event(kind="local")
CHANNELS = ((), (("main", "rc"),), (("main", "beta"),), (("main", "+"),))


def descends_from(repository: Repository) -> list[Version]:
    """The releases that HEAD descends from, as git itself tells."""
    return [Version.parse(name.removeprefix("v")) for name in repository("tag", "--merged", "HEAD").split()]


@pytest.mark.parametrize("block", range(8))
def test_versions_are_in_the_order_of_history(tmp_path: Path, block: int) -> None:
    """40 histories that chance makes for each block, under each kind of channel."""
    compared = releases = unreleased = 0
    for seed in range(40 * block, 40 * block + 40):
        history = RandomReleases(tmp_path / str(seed), seed)
        repository = history.write()
        state, held = repository.git.state(), descends_from(repository)
        for channels in CHANNELS:
            rules = Rules(channels=channels)
            named = next_version(state, LOCAL, rules)
            said = f"{seed} {channels} {named.version} of {held}\n" + "\n".join(history.log)
            if named.released:
                continue
            version = Version.parse(named.version)
            unreleased += 1
            for one in held:
                compared += 1
                # With build metadata it sorts like the release before it.
                assert version > one or (channels and channels[0][1] == "+" and version >= one), said
            try:
                released = Version.parse(next_release(state, LOCAL, rules).version)
            except Failure:
                continue
            releases += 1
            assert version < released, f"{said}\nnext: {released}"
            assert all(released > one for one in held), said
    print(f"{unreleased} versions, compared {compared} times; {releases} next releases")
    assert releases > 5


def test_a_pre_release_that_a_lower_release_follows_is_not_forgotten(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "shop")
    first = writer.commit("feat: start")
    writer.tag("v1.0.0", first)
    second = writer.commit("feat!: break", first)
    writer.tag("v2.0.0-rc.1", second)
    third = writer.commit("fix: more", second)
    writer.tag("v1.0.1", third)
    for message, rc in (("feat!: break again", "2.0.0-rc.2"), ("fix: again", ""), ("docs: a word", "")):
        repository = writer.finish(writer.commit(message, third))
        state = repository.git.state()
        assert next_version(state, LOCAL).version == "2.0.0-rc.1.main.2"
        rules = Rules(channels=(("main", "rc"),))
        if rc:
            assert next_release(state, LOCAL, rules).version == rc
            continue
        with pytest.raises(Failure) as refused:
            next_release(state, LOCAL, rules)
        assert refused.value.kind in ("version.not-higher", "run.nothing-to-release")
