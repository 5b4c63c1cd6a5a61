"""Tags by rules, published: push keeps to the kind of each, also with a suffix, whatever the version looks like."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.world.repository import Repository

if TYPE_CHECKING:
    from tests.world.docker_registry import DockerRegistry
    from tests.world.kit import Kit, Run


class Shop:
    """The project with rules, released as 1.2.0 or as ``tag`` says."""

    def __init__(self, kit: Kit, registry: DockerRegistry) -> None:
        self.kit = kit
        self.registry = registry
        self.project = Repository(kit.folder, new=False)

    def rules(self, *rules: str, release: str = "v1.2.0", **more: Any) -> None:
        """Commit a configuration with these rules."""
        path = self.kit.folder / "pipeline-kit.yml"
        settings = {"default-branch": "main", "tags": list(rules), **more}
        path.write_text(path.read_text() + yaml.safe_dump({"tag": settings}))
        self.project("add", ".")
        self.release("feat: rules", release)

    def release(self, message: str, tag: str) -> None:
        self.project.commit(message)
        self.project("tag", tag)

    def digest(self, tag: str) -> str:
        """The digest that the registry has under ``tag``."""
        tags = self.registry.storage / "docker/registry/v2/repositories/web/_manifests/tags"
        return (tags / tag / "current/link").read_text()

    def run(self, *arguments: str) -> Run:
        return self.kit("run", "--until", "push", "--image", f"{self.registry.address}/web", *arguments)

    def published(self, *arguments: str) -> dict[str, str]:
        """The tags of a run, each with why it stayed."""
        run = self.run(*arguments)
        assert run.code == 0, run.stderr
        return {tag["name"]: tag.get("kept", "") for tag in self.kit.value("push")["tags"]}


@pytest.fixture
def shop(kit: Kit, docker_registry: DockerRegistry) -> Shop:
    return Shop(kit, docker_registry)


def test_with_a_suffix_versions_stay_and_moving_tags_only_move_forwards(shop: Shop) -> None:
    shop.rules(
        "type=semver,pattern={{version}}",
        "type=semver,pattern={{major}}",
        "type=edge",
        flavor=["suffix=-alpine,onlatest=true"],
    )
    assert shop.published() == {"1.2.0-alpine": "", "1-alpine": "", "latest-alpine": ""}
    shop.project("checkout", "--quiet", "-b", "1.1", "HEAD")
    shop.release("fix: for those who stay", "v1.1.9")
    stays = "1.2.0 is newer"
    assert shop.published() == {"1.1.9-alpine": "", "1-alpine": stays, "latest-alpine": stays}
    shop.project("checkout", "--quiet", "main")
    shop.release("feat: soon", "v1.3.0-rc.1")
    assert shop.published() == {"1.3.0-rc.1-alpine": ""}
    shop.project("tag", "--force", "v1.2.0")
    shop.project("tag", "--delete", "v1.3.0-rc.1")
    taken = shop.run()
    assert (taken.code, taken.stdout) == (2, "")
    assert "1.2.0-alpine is published already" in taken.line("build")


def test_a_release_that_a_match_read_is_compared_by_it(shop: Shop) -> None:
    """Tags of one package among several, which are no releases of the repository's own versions."""
    shop.rules(
        r"type=match,pattern=web/v(\d+\.\d+\.\d+)$,group=1",
        r"type=match,pattern=web/v(\d+),group=1",
        release="web/v3.2.0",
    )
    shop.project("tag", "--delete", "v1.0.0", "v1.1.0")
    shop.project("tag", "v0.1.0", "HEAD~1")
    shop.project("checkout", "--quiet", "--detach")
    assert shop.published() == {"3.2.0": "", "3": "", "latest": ""}
    shop.release("fix: late", "web/v3.1.9")
    stays = "3.2.0 is newer"
    assert shop.published() == {"3.1.9": "", "3": stays, "latest": stays}


def test_a_name_moves_to_a_higher_version_only(shop: Shop) -> None:
    shop.rules("type=semver,pattern={{version}}", "type=raw,value=staging", extra=["qa"], release="v1.4.0")
    moved = {"1.4.0": "", "staging": "", "latest": "", "qa": ""}
    assert shop.published() == moved
    digest = shop.kit.value("push")["digest"]
    shop.project("checkout", "--quiet", "-b", "1.3")
    shop.release("fix: for those who stay", "v1.3.5")
    stays = "1.4.0 is newer"
    assert shop.published() == {"1.3.5": "", "staging": stays, "latest": stays, "qa": stays}
    assert shop.digest("staging") == shop.digest("qa") == digest
    shop.project("checkout", "--quiet", "main")
    shop.release("fix: for all", "v1.4.1")
    assert shop.published() == {"1.4.1": "", "staging": "", "latest": "", "qa": ""}
    assert shop.digest("staging") == shop.digest("qa") == shop.kit.value("push")["digest"]


def test_between_two_branches_the_history_decides(shop: Shop) -> None:
    """Of 1.2.1-main.1 and 1.2.1-develop.2 neither is higher."""
    shop.rules("type=raw,value=staging", release="v1.2.0")
    shop.project.commit("fix: one")
    assert shop.published() == {"staging": ""}
    main = shop.project("rev-parse", "HEAD").strip()
    shop.project("checkout", "--quiet", "-b", "develop")
    ahead = shop.project.commit("fix: two")
    assert shop.published() == {"staging": ""}
    shop.project("checkout", "--quiet", "-b", "zoo", main)
    assert shop.published() == {"staging": f"{ahead[:7]} is newer"}
    shop.project.commit("fix: beside")
    assert shop.published() == {"staging": ""}
    # develop comes before zoo in the alphabet, and what is not here is no ancestor of anything.
    shop.project("checkout", "--quiet", "develop")
    shop.project("branch", "--quiet", "--delete", "--force", "zoo")
    shop.project("reflog", "expire", "--expire=now", "--all")
    shop.project("gc", "--quiet", "--prune=now")
    assert shop.published() == {"staging": "1.2.1-zoo.2 is higher, and its commit is not in this clone"}


def test_tags_of_a_branch_follow_it_and_never_go_back(shop: Shop) -> None:
    shop.rules("type=edge", "type=ref,event=branch", "type=raw,value=latest", release="v1.2.0")
    older = shop.project.commit("fix: one")
    assert shop.published() == {"edge": "", "main": "", "latest": ""}
    newer = shop.project.commit("fix: two")
    assert shop.published() == {"edge": "", "main": "", "latest": ""}
    shop.project("reset", "--quiet", "--hard", older)
    shop.project("branch", "ahead", newer)
    stays = f"{newer[:7]} is newer"
    kept = shop.published()
    assert (kept["edge"], kept["main"]) == (stays, stays)
    assert kept["latest"].endswith("main.2 is newer")


def test_versions_of_python_packages_are_compared_as_such(shop: Shop) -> None:
    shop.rules("type=pep440,pattern={{version}}", "type=pep440,pattern={{major}}", release="1.10")
    # Without a branch the tag is the event: 1.10 is no release of this repository's own versions.
    shop.project("checkout", "--quiet", "--detach")
    assert shop.published() == {"1.10": "", "1": "", "latest": ""}
    shop.release("fix: late", "1.9")
    assert shop.published() == {"1.9": "", "1": "1.10 is newer", "latest": "1.10 is newer"}
    shop.release("feat: soon", "1.11rc1")
    assert shop.published() == {"1.11rc1": ""}


def test_with_compat_the_label_has_the_suffix_and_the_release_is_taken_over(shop: Shop) -> None:
    shop.rules(
        "type=semver,pattern={{version}}",
        "type=semver,pattern={{major}}",
        flavor=["prefix=web-", "suffix=-alpine,onlatest=true"],
        compat="metadata-action",
    )
    names = {"web-1.2.0-alpine": "", "web-1-alpine": "", "latest-alpine": ""}
    assert shop.published() == names
    digest = shop.kit.value("build")["digest"]
    shutil.rmtree(shop.kit.folder / ".pipeline-kit")
    assert shop.published() == names
    assert (shop.kit.value("build")["digest"], shop.kit.value("build")["adopted"]) == (digest, True)
    shop.project("checkout", "--quiet", "-b", "old")
    shop.release("fix: late", "v1.1.9")
    stays = "1.2.0 is newer"
    assert shop.published() == {"web-1.1.9-alpine": "", "web-1-alpine": stays, "latest-alpine": stays}


def test_a_release_with_two_names_is_completed_whichever_is_missing(shop: Shop) -> None:
    shop.rules("type=semver,pattern={{version}}", "type=ref,event=tag")
    dockerfile = shop.kit.folder / "Dockerfile"
    dockerfile.write_text(
        dockerfile.read_text().replace("RUN echo", "RUN cat /proc/sys/kernel/random/uuid >/www/id && echo")
    )
    shop.project("add", ".")
    shop.release("feat: an id for each build", "v1.3.0")
    again = ("--set", "build.no-cache=true")
    assert shop.published(*again) == {"1.3.0": "", "v1.3.0": "", "latest": ""}
    digest = shop.kit.value("push")["digest"]
    tags = shop.registry.storage / "docker/registry/v2/repositories/web/_manifests/tags"
    for name in ("1.3.0", "v1.3.0"):
        shutil.rmtree(tags / name)
        shutil.rmtree(shop.kit.folder / ".pipeline-kit")
        assert shop.published(*again) == {"1.3.0": "", "v1.3.0": "", "latest": ""}
        assert shop.kit.value("push")["digest"] == digest
