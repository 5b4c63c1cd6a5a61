"""``pipeline-kit tag`` in real repositories, as each CI starts it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.world.kit import Kit
from tests.world.repository import Repository

RULES = "type=semver,pattern={{version}}\ntype=ref,event=branch\ntype=edge\ntype=sha"
GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "contoso/web", "GITHUB_EVENT_NAME": "push"}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "web"
    folder.mkdir()
    made = Repository(folder)
    made.commit("feat: a")
    made("tag", "v1.5.0")
    made.commit("fix: b")
    made("remote", "add", "origin", "https://github.com/contoso/web.git")
    return made


def outputs(path: Path) -> dict[str, str]:
    """What a file of GitHub's has: NAME<<END, lines, END."""
    found: dict[str, str] = {}
    lines = iter(path.read_text(encoding="utf-8").split("\n"))
    for line in lines:
        name, mark, end = line.partition("<<")
        if mark:
            value = []
            while (one := next(lines)) != end:
                value.append(one)
            found[name] = "\n".join(value)
    return found


def test_a_workflow_gets_what_metadata_action_gives(repository: Repository, tmp_path: Path) -> None:
    kit = Kit(repository.folder, GITHUB | {"RUNNER_TEMP": str(tmp_path / "runner")})
    (tmp_path / "event.json").write_text(json.dumps({"repository": {"name": "web", "description": "A shop"}}))
    done = kit(
        "tag",
        GITHUB_REF="refs/heads/main",
        GITHUB_SHA="b" * 40,
        GITHUB_EVENT_PATH=str(tmp_path / "event.json"),
        GITHUB_OUTPUT=str(tmp_path / "output"),
        GITHUB_ENV=str(tmp_path / "env"),
        PIPELINE_KIT_TAG_COMPAT="metadata-action",
        PIPELINE_KIT_TAG_IMAGES="ghcr.io/Contoso/Web\n# none\ncontosoreg.azurecr.io/web",
        PIPELINE_KIT_TAG_TAGS='# comment\ntype=ref,event=branch\n\ntype=raw,"value=a&b"\ntype=sha',
        PIPELINE_KIT_TAG_SEP_TAGS=",",
        PIPELINE_KIT_TAG_LABELS="made.of={{branch}}",
        DOCKER_METADATA_ANNOTATIONS_LEVELS="index,manifest",
    )
    assert done.code == 0, done.stderr
    assert done.result.split("\n") == ["main", "a-b", "sha-bbbbbbb"]
    found, variables = outputs(tmp_path / "output"), outputs(tmp_path / "env")
    assert found["version"] == "main"
    assert found["tags"].split(",")[:2] == ["ghcr.io/contoso/web:main", "ghcr.io/contoso/web:a-b"]
    assert found["tag-names"] == "main,a-b,sha-bbbbbbb"
    assert "made.of=main" in found["labels"].split("\n")
    assert "org.opencontainers.image.description=A shop" in found["labels"].split("\n")
    assert found["annotations"].split("\n")[0].startswith("index:org.opencontainers.image.created=")
    assert json.loads(found["json"])["tag-names"] == ["main", "a-b", "sha-bbbbbbb"]
    bake = json.loads(Path(found["bake-file"]).read_text())["target"]["docker-metadata-action"]
    assert bake["args"] == {
        "DOCKER_META_IMAGES": "ghcr.io/contoso/web,contosoreg.azurecr.io/web",
        "DOCKER_META_VERSION": "main",
    }
    expected = {f"DOCKER_METADATA_OUTPUT_{name.upper().replace('-', '_')}": value for name, value in found.items()}
    assert variables == expected
    assert len(expected) == 10


def test_without_compat_nothing_is_put_into_the_environment(repository: Repository, tmp_path: Path) -> None:
    kit = Kit(repository.folder, GITHUB | {"RUNNER_TEMP": str(tmp_path / "runner"), "GITHUB_REF": "refs/heads/main"})
    files = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_ENV": str(tmp_path / "env")}
    assert kit("tag", **files, PIPELINE_KIT_TAG_TAGS=RULES, PIPELINE_KIT_TAG_DEFAULT_BRANCH="main").code == 0
    assert not (tmp_path / "env").exists()
    found = outputs(tmp_path / "output")
    assert found["version"] == "1.5.1-main.1"
    assert found["tags"] == f"edge\nmain\nsha-{repository('rev-parse', '--short=7', 'HEAD').strip()}"


def test_the_same_commit_has_the_same_tags_on_a_laptop_and_on_each_ci(repository: Repository) -> None:
    repository("checkout", "--quiet", "v1.5.0")
    kit = Kit(repository.folder, {"PIPELINE_KIT_TAG_TAGS": RULES})
    laptop = kit("tag", "--format", "json")
    github = kit("tag", "--format", "json", **GITHUB, GITHUB_REF="refs/tags/v1.5.0")
    azure = kit(
        "tag", "--format", "json", TF_BUILD="True", BUILD_REASON="IndividualCI", BUILD_SOURCEBRANCH="refs/tags/v1.5.0"
    )
    gitlab = kit("tag", "--format", "json", GITLAB_CI="true", CI_COMMIT_TAG="v1.5.0", CI_PIPELINE_SOURCE="push")
    assert laptop.code == 0, laptop.stderr
    assert laptop.json == github.json == azure.json == gitlab.json
    assert [tag["name"] for tag in laptop.json["tags"]][:2] == ["1.5.0", "sha-" + laptop.json["commit"][:7]]


EVENTS = {
    "push": (
        {"GITHUB_REF": "refs/heads/main"},
        {"BUILD_REASON": "IndividualCI", "BUILD_SOURCEBRANCH": "refs/heads/main"},
        {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"},
        ["edge", "main", "on-main-", "sha"],
    ),
    "schedule": (
        {"GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_NAME": "schedule"},
        {"BUILD_REASON": "Schedule", "BUILD_SOURCEBRANCH": "refs/heads/main"},
        {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"},
        ["nightly", "edge", "main", "on-main-", "sha"],
    ),
    "pull_request": (
        {"GITHUB_REF": "refs/pull/7/merge", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_HEAD_REF": "topic"}
        | {"GITHUB_BASE_REF": "main"},
        {"BUILD_REASON": "PullRequest", "BUILD_SOURCEBRANCH": "refs/pull/7/merge"}
        | {"SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/topic", "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"},
        {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "7"}
        | {"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "topic", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"},
        ["pr-7", "on--main", "sha"],
    ),
}
PAYLOAD = {
    "repository": {"default_branch": "main"},
    "number": 7,
    "pull_request": {"number": 7, "base": {"ref": "main"}, "head": {"ref": "topic"}},
}


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_gives_the_same_tags_on_each_ci_and_in_a_replay(
    repository: Repository, tmp_path: Path, kind: str
) -> None:
    *environs, expected = EVENTS[kind]
    payload = tmp_path / "event.json"
    payload.write_text(json.dumps(PAYLOAD))
    rules = f"{RULES}\ntype=schedule\ntype=ref,event=pr\ntype=raw,value=on-{{{{branch}}}}-{{{{base_ref}}}}"
    kit = Kit(repository.folder, {"PIPELINE_KIT_TAG_TAGS": rules, "PIPELINE_KIT_TAG_DEFAULT_BRANCH": "main"})
    bases = (GITHUB | {"GITHUB_EVENT_PATH": str(payload)}, {"TF_BUILD": "True"}, {"GITLAB_CI": "true"})
    found = []
    for base, environ in zip(bases, environs, strict=True):
        done = kit("tag", "--format", "json", **(base | environ))
        assert done.code == 0, done.stderr
        event = json.dumps(kit.record()["run"]["event"])
        replayed = kit("tag", "--format", "json", PIPELINE_KIT_EVENT=event)
        assert replayed.code == 0, replayed.stderr
        found += [done.json, replayed.json]
    assert all(one == found[0] for one in found)
    assert [tag["name"].partition("sha-")[0] or "sha" for tag in found[0]["tags"]] == expected


TARGET = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "contoso/web",
    "GITHUB_EVENT_NAME": "pull_request_target",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_HEAD_REF": "topic",
    "GITHUB_BASE_REF": "main",
    "GITHUB_SHA": "b" * 40,
}


def test_pull_request_target_is_named_as_the_pull_request_and_publishes_nothing(
    repository: Repository, tmp_path: Path
) -> None:
    payload = tmp_path / "event.json"
    head = {"number": 7, "base": {"ref": "main"}, "head": {"ref": "topic", "sha": "c" * 40}}
    payload.write_text(json.dumps(PAYLOAD | {"pull_request": head}))
    kit = Kit(repository.folder, TARGET | {"GITHUB_EVENT_PATH": str(payload)})
    short = repository("rev-parse", "--short=7", "HEAD").strip()
    rules = "type=edge\ntype=ref,event=branch\ntype=ref,event=pr\ntype=raw,value=to-{{base_ref}}\ntype=sha"
    done = kit("tag", "--format", "json", "--tags", rules)
    assert done.code == 0, done.stderr
    assert [tag["name"] for tag in done.json["tags"]] == ["pr-7", "to-main", f"sha-{short}"]
    assert (done.json["publishes"], done.json["reason"]) == (False, "pull request")
    assert kit("tag").result.split("\n") == [f"sha-{short}", "main"]
    assert kit("version").result == "1.5.1-topic.1"
    compat = ("tag", "--compat", "metadata-action", "--tags", rules)
    assert kit(*compat).result.split("\n") == ["pr-7", "to-main", "sha-bbbbbbb"]
    of_head = kit(*compat, DOCKER_METADATA_PR_HEAD_SHA="true")
    assert of_head.result.split("\n")[-1] == "sha-ccccccc"


def test_after_the_tags_of_pull_request_target_all_else_is_refused(repository: Repository, tmp_path: Path) -> None:
    (repository.folder / "Dockerfile").write_text("FROM scratch\n")
    kit = Kit(repository.folder, TARGET | {"PIPELINE_KIT_IMAGE": "contosoreg.azurecr.io/web"})
    assert kit("tag").code == 0
    record = kit.record()
    for command in ("build", "scan", "login", "push", "deploy", "bump", "run", "replay", "plan"):
        done = kit(command)
        assert (done.code, done.stdout) == (64, ""), command
        assert "pull_request_target is refused" in done.stderr
    assert kit.record() == record
    # Somewhere else its tags are made again.
    replayed = Kit(repository.folder)("replay")
    assert replayed.code == 0, replayed.stderr


def test_names_of_images_that_would_be_published_nowhere_are_refused(repository: Repository) -> None:
    (repository.folder / "Dockerfile").write_text("FROM scratch\n")
    kit = Kit(repository.folder, {"PIPELINE_KIT_IMAGE": "contosoreg.azurecr.io/web"})
    more = {"PIPELINE_KIT_TAG_IMAGES": "contosoreg.azurecr.io/web\nghcr.io/contoso/web"}
    assert kit("tag", **more).code == 0
    for command in (("plan",), ("run", "--dry-run"), ("run", "--only", "tag", "--only", "push"), ("push",)):
        done = kit(*command, **more)
        assert done.code == 64, done.stderr
        assert "images names ghcr.io/contoso/web, and contosoreg.azurecr.io/web alone is published" in done.stderr
    assert kit("plan", PIPELINE_KIT_TAG_IMAGES="ContosoReg.azurecr.io/web\nname=x/y,enable=false").code == 0
    assert kit("plan", "--local", **more).code == 0


def test_labels_of_kubernetes_are_made_with_compat_too(repository: Repository) -> None:
    kit = Kit(repository.folder, {"PIPELINE_KIT_TAG_COMPAT": "metadata-action"})
    rule = f"type=raw,value={'a' * 70}"
    assert kit("tag", "--tags", rule).result == "a" * 70
    assert len(kit("tag", "--tags", rule, "--kubernetes").result) == 63


def test_a_detached_commit_goes_by_its_branch(repository: Repository, tmp_path: Path) -> None:
    repository("remote", "remove", "origin")
    clone = repository.clone(tmp_path / "clone")
    clone("checkout", "--quiet", "--detach")
    assert Kit(clone.folder)("tag", "--tags", RULES).result.split("\n")[:2] == ["edge", "main"]
    clone("branch", "--quiet", "--delete", "--force", "main")
    done = Kit(clone.folder, GITHUB)("tag", "--tags", RULES, "--context", "git", GITHUB_REF="refs/heads/other")
    assert done.result.split("\n")[:2] == ["edge", "main"], done.stderr


def test_a_default_branch_that_nobody_tells_is_asked_for(repository: Repository) -> None:
    azure = {"TF_BUILD": "True", "BUILD_REASON": "IndividualCI", "BUILD_SOURCEBRANCH": "refs/heads/main"}
    done = Kit(repository.folder, azure)("tag", "--tags", RULES)
    assert done.code == 64
    assert "--default-branch main" in done.stderr
    assert Kit(repository.folder, azure)("tag", "--tags", RULES, "--default-branch", "main").code == 0


def test_with_compat_too_the_default_branch_may_be_given_or_the_clone_s(repository: Repository, tmp_path: Path) -> None:
    """docker/metadata-action asks the API, which none is asked here; the payload has no repository."""
    clone = repository.clone(tmp_path / "clone")
    environ = GITHUB | {"GITHUB_REF": "refs/heads/main", "GITHUB_SHA": "b" * 40}
    kit = Kit(clone.folder, environ | {"PIPELINE_KIT_TAG_COMPAT": "metadata-action"})
    rules = ("tag", "--tags", "type=edge\ntype=sha")
    assert kit(*rules).result == "edge\nsha-bbbbbbb"
    assert kit(*rules, "--default-branch", "other").result == "sha-bbbbbbb"
    clone("remote", "set-head", "origin", "--delete")
    assert kit(*rules).result == "sha-bbbbbbb"
    assert kit(*rules, PIPELINE_KIT_TAG_DEFAULT_BRANCH="main").result == "edge\nsha-bbbbbbb"


@pytest.mark.parametrize(("target", "expected"), [(" t ", "t"), (" ", "docker-metadata-action")])
def test_white_space_around_an_input_does_not_count(repository: Repository, target: str, expected: str) -> None:
    environ = {"PIPELINE_KIT_TAG_BAKE_TARGET": target, "PIPELINE_KIT_TAG_CONTEXT": " workflow "}
    done = Kit(repository.folder, environ)("tag", "--tags", "type=sha")
    assert done.code == 0, done.stderr
    written = json.loads((repository.folder / ".pipeline-kit" / "bake" / "bake-file.json").read_text())
    assert list(written["target"]) == [expected]
    assert Kit(repository.folder)("tag", "--tags", "type=sha", "--context", " ").code == 0
    assert Kit(repository.folder)("tag", "--tags", "type=sha", "--context", "x").code == 64


def test_a_shallow_clone_is_enough_for_rules_that_need_no_version(repository: Repository, tmp_path: Path) -> None:
    clone = repository.clone(tmp_path / "clone", "--depth", "1", "--no-tags")
    kit = Kit(clone.folder, GITHUB | {"GITHUB_REF": "refs/heads/main"})
    compat = kit("tag", PIPELINE_KIT_TAG_COMPAT="metadata-action")
    assert (compat.code, compat.result) == (0, "main"), compat.stderr
    refused = kit("tag", "--tags", "type=sha")
    assert refused.code != 0
    assert "shallow" in refused.stderr
    assert kit("tag", "--tags", "type=semver,pattern={{version}},value=2.0.0").result == "2.0.0\nlatest"


def test_rules_stand_in_the_configuration(repository: Repository) -> None:
    (repository.folder / "pipeline-kit.yml").write_text(
        "version: 1\ntag:\n  tags:\n    - type=sha,prefix=c-\n    - type=raw,value=x\n  flavor: [suffix=-alpine]\n"
    )
    assert Kit(repository.folder)("tag").result.split("\n")[0] == "x-alpine"
    (repository.folder / "pipeline-kit.yml").write_text(
        "version: 1\ntag:\n  tags: |\n    # comment\n    type=raw,value=x\n    type=raw,value=y\n"
    )
    assert Kit(repository.folder)("tag").result == "x\ny"


def test_a_plan_writes_no_bake_file(repository: Repository) -> None:
    (repository.folder / "Dockerfile").write_text("FROM scratch\n")
    done = Kit(repository.folder)("plan", "--local")
    assert done.code == 0, done.stderr
    assert not (repository.folder / ".pipeline-kit" / "bake").exists()
    Kit(repository.folder)("tag")
    assert len(list((repository.folder / ".pipeline-kit" / "bake").iterdir())) == 4


@pytest.mark.parametrize(
    "name", ["$(touch${IFS}x)", "##vso[task.setvariable]x", "::error::x", "x;touch y", "--upload-pack=x"]
)
def test_a_hostile_branch_runs_nothing_and_reaches_no_log(repository: Repository, name: str) -> None:
    kit = Kit(repository.folder, GITHUB | {"GITHUB_REF": f"refs/heads/{name}"})
    done = kit("tag", "--tags", "type=ref,event=branch\ntype=raw,value={{branch}}-x\ntype=semver,pattern={{version}}")
    assert done.code == 0, done.stderr
    assert sorted(path.name for path in repository.folder.iterdir()) == [".git", ".pipeline-kit"]
    for line in (*done.stdout.splitlines(), *done.stderr.splitlines()):
        assert "##vso[" not in line
        assert not line.lstrip().startswith("::error")


def test_labels_and_images_go_with_the_default_names_too(repository: Repository) -> None:
    done = Kit(repository.folder)(
        "tag", "--format", "json", "--labels", "made.of={{branch}}", "--flavor", "suffix=-{{sha}}", "--images", "a/b"
    )
    assert done.code == 0, done.stderr
    assert done.json["labels"]["made.of"] == "main"
    short = done.json["commit"][:7]
    assert [tag["name"] for tag in done.json["tags"]] == [f"sha-{short}-{short}", f"main-{short}"]
    bake = json.loads((repository.folder / ".pipeline-kit" / "bake" / "bake-file-tags.json").read_text())
    assert bake["target"]["docker-metadata-action"]["tags"] == [f"a/b:sha-{short}-{short}", f"a/b:main-{short}"]


def test_the_clones_own_default_branch_counts(repository: Repository, tmp_path: Path) -> None:
    clone = repository.clone(tmp_path / "clone")
    assert Kit(clone.folder)("tag", "--tags", "type=edge").result == "edge"
    clone("remote", "set-head", "origin", "--delete")
    assert Kit(clone.folder)("tag", "--tags", "type=edge").code == 64


def test_rules_give_a_release_s_names_to_its_commit_alone(repository: Repository, tmp_path: Path) -> None:
    """A workflow of a tag that checks another commit out."""
    kit = Kit(repository.folder, GITHUB | {"RUNNER_TEMP": str(tmp_path / "runner")})
    head, released = (repository("rev-parse", name).strip() for name in ("HEAD", "v1.5.0"))
    rules = ("tag", "--tags", RULES)
    event = {"GITHUB_REF": "refs/tags/v1.5.0", "GITHUB_SHA": released}
    refused = kit(*rules, **event)
    assert refused.code == 64
    assert f"the event is about v1.5.0, which is {released[:7]}, and {head[:7]} is checked out" in refused.stderr
    assert kit(*rules, GITHUB_REF="refs/tags/v7.0.0", GITHUB_SHA=released).code == 64
    assert "1.5.0" not in kit(*rules, "--context", "git", "--default-branch", "main", **event).result.split()
    repository("checkout", "--quiet", "v1.5.0")
    assert "1.5.0" in kit(*rules, "--default-branch", "main", **event).result.split()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOCKER_METADATA_SHORT_SHA_LENGTH", "12"),
        ("DOCKER_METADATA_PR_HEAD_SHA", "true"),
        ("DOCKER_METADATA_ANNOTATIONS_LEVELS", "index"),
        ("DOCKER_METADATA_SET_OUTPUT_ENV", "false"),
    ],
)
def test_the_action_s_variables_count_with_compat_alone(
    repository: Repository, tmp_path: Path, name: str, value: str
) -> None:
    kit = Kit(repository.folder, GITHUB | {"RUNNER_TEMP": str(tmp_path / "runner"), "GITHUB_REF": "refs/heads/main"})
    given = ("tag", "--format", "json", "--tags", "type=sha")
    plain, told = kit(*given), kit(*given, **{name: value})
    assert (plain.code, told.json) == (0, plain.json), told.stderr
    assert f"nothing follows from {name}" in told.stderr
    assert "nothing follows" not in plain.stderr + kit(*given, "--compat", "metadata-action", **{name: value}).stderr
