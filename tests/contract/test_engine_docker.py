"""buildx on a real engine: what is built, and that it is the same image every time."""

from __future__ import annotations

import base64
import os
import re
import time
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.engines import choose, docker
from pipeline_kit.engines.request import BuildSecret
from pipeline_kit.model.platform import Platform
from pipeline_kit.process import sha256_of
from tests.contract.engine_project import TIME, Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.world.base_image import BaseImage
    from tests.world.engine import Engine

DOCKERFILE = """\
FROM base AS build
COPY src.txt /src.txt
RUN touch /made && cat /src.txt > /built
FROM base AS runtime
COPY --from=build /built /built
RUN touch /late
HEALTHCHECK CMD true
CMD ["cat", "/built"]
"""


@pytest.fixture
def new_project(engine: Engine, small_base: BaseImage, tmp_path: Path) -> Callable[[str], Project]:
    def made(name: str) -> Project:
        (tmp_path / name).mkdir()
        return Project(tmp_path / name, docker, engine.environ, {"base": f"oci-layout://{small_base.layout}"})

    return made


@pytest.fixture
def project(new_project: Callable[[str], Project]) -> Project:
    return new_project("shop")


def _unique() -> str:
    """Content that no cache knows."""
    return f"{os.getpid()} {time.time_ns()}"


def test_the_engine_is_known_with_the_program_that_builds(project: Project, engine: Engine) -> None:
    chosen, facts = choose("auto", project.context)
    assert chosen.NAME == "docker"
    assert (facts.store, facts.tool.name) == ("containerd", "buildx")
    assert facts.tool.version.startswith(engine.buildx)
    plugin = next(engine.config.glob("cli-plugins/docker-buildx"), None)
    assert plugin is None or facts.tool.sha256 == sha256_of(plugin)


def test_a_build_from_the_cache_has_the_same_digest(project: Project) -> None:
    project.write(DOCKERFILE, src__txt=_unique())
    assert project.build() == project.build()
    assert project.config["created"] == "2023-11-14T22:13:20Z"
    assert project.config["config"]["Healthcheck"] == {"Test": ["CMD-SHELL", "true"]}


def test_two_folders_with_the_same_content_have_the_same_digest(new_project: Callable[[str], Project]) -> None:
    content = _unique()
    one = new_project("one").write(DOCKERFILE, src__txt=content).build()
    two = new_project("two").write(DOCKERFILE, src__txt=content)
    # Another time, but one of its own: BuildKit takes a file of the same name, size and time for the one it had before.
    os.utime(two.root / "src.txt", ns=(0, time.time_ns() - 10**15))
    assert two.build() == one


def test_a_reproducible_build_is_the_same_without_a_cache(project: Project) -> None:
    project.write(DOCKERFILE, src__txt=_unique())
    one = project.build(reproducible=True, no_cache=True)
    time.sleep(1.1)  # file times have whole seconds
    assert project.build(no_cache=True) != one
    assert project.build(reproducible=True, no_cache=True) == one


def test_another_commit_time_is_another_image(project: Project) -> None:
    project.write(DOCKERFILE, src__txt=_unique())
    assert project.build() != project.build(time=TIME + 1)


def test_a_layout_seeded_with_earlier_blobs_has_the_new_image_alone(project: Project) -> None:
    first = project.write(DOCKERFILE, src__txt=_unique()).build()
    assert project.write(DOCKERFILE, src__txt=_unique()).build() != first


def test_values_arrive_as_they_are(project: Project) -> None:
    project.write('FROM base\nARG VALUE\nARG EMPTY\nLABEL arg="$VALUE" empty="[$EMPTY]"\n')
    odd = "-x=1,\"2\" '3' $HOME ${PATH}\nnext line \\"
    project.build(args={"VALUE": odd, "EMPTY": ""}, labels={"label": odd, "-dash": "=", "nothing": ""})
    assert project.config["config"]["Labels"] == {
        "arg": odd,
        "empty": "[]",
        "label": odd,
        "-dash": "=",
        "nothing": "",
    }


def test_a_target_an_ignored_file_and_a_folder_with_odd_names(new_project: Callable[[str], Project]) -> None:
    project = new_project('a, "b" =c')
    project.write("FROM base AS one\nLABEL stage=one\nFROM base AS two\nLABEL stage=two\n")
    project.build(target="one")
    assert project.config["config"]["Labels"] == {"stage": "one"}


def test_secrets_reach_the_command_and_nothing_else(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = (BuildSecret("one", env="BUILD_TOKEN"), BuildSecret("two", file=project.root / 'to,k"en'))
    monkeypatch.setenv("BUILD_TOKEN", "hush-hush")
    mounts = "--mount=type=secret,id=one --mount=type=secret,id=two"
    project.write(f"FROM base\nRUN {mounts} sha256sum /run/secrets/* > /sums\n")
    (project.root / 'to,k"en').write_text("very quiet")
    (project.root / ".dockerignore").write_text("to*\n")
    project.build(secrets=secrets)
    assert project.heard.masked == ["hush-hush", "very quiet"]
    stored = b"".join(path.read_bytes() for path in project.layout.folder.rglob("*") if path.is_file())
    for secret in ("hush-hush", "very quiet"):
        assert secret not in project.log
        assert secret.encode() not in stored
    project.write(
        f"FROM base\nRUN {mounts} test $(cat /run/secrets/one) = hush-hush && test $(wc -c < /run/secrets/two) = 10\n"
    )
    project.build(secrets=secrets)


def test_a_secret_that_a_command_prints_is_in_no_log(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "hush/hush+" + _unique().replace(" ", "-")
    monkeypatch.setenv("BUILD_TOKEN", secret)
    mount = "--mount=type=secret,id=one"
    project.write(
        f"FROM base\nRUN {mount} cat /run/secrets/one; echo; base64 < /run/secrets/one | tr -d '\\n'; echo; "
        "head -c 9 /run/secrets/one; sleep 1; tail -c +10 /run/secrets/one; exit 7\n"
    )
    failure = project.fails(secrets=(BuildSecret("one", env="BUILD_TOKEN"),))
    coded = base64.b64encode(secret.encode()).decode().rstrip("=")
    told = [project.log, "\n".join(project.heard.lines), "\n".join(failure.evidence), repr(failure.notes)]
    assert all("***" in text for text in told[:3])
    for text in told:
        assert secret not in text
        assert coded not in text


def test_a_variable_that_nobody_named_does_not_reach_the_engine(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VALUE", "from outside")
    project.write('FROM base\nARG VALUE=default\nLABEL value="$VALUE"\n').build()
    assert project.config["config"]["Labels"] == {"value": "default"}


def test_several_platforms_are_one_image(project: Project) -> None:
    project.write("FROM scratch\nCOPY Dockerfile /\n")
    project.build(platforms=(Platform("linux", "amd64"), Platform("linux", "arm64")))
    assert [str(one.platform) for one in project.layout.platforms] == ["linux/amd64", "linux/arm64"]
    assert project.layout.root.is_index


def test_what_is_being_done_is_told_and_logged(project: Project) -> None:
    project.write(f"FROM base\nCOPY Dockerfile /\nRUN echo 'said {_unique()}'\n").build()
    (told,) = {step for step in project.heard.steps if "RUN echo" in step[0]}
    assert re.fullmatch(rf"\[{told[1]}/{told[2]}\] RUN echo 'said .*'", told[0])
    assert "\n".join(project.heard.lines) == project.log.removesuffix("\n")
    assert project.heard.warnings == []


def test_a_cache_is_written_and_read(project: Project, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    project.write(DOCKERFILE, src__txt=_unique())
    first = project.build(cache_to=(f"type=local,dest={cache}",))
    assert project.build(cache_from=(f"type=local,src={cache}",)) == first
    assert project.heard.warnings == []


def test_a_cache_that_can_not_be_read_is_told(project: Project) -> None:
    project.write("FROM base\nCMD x\n").build(cache_from=("type=registry,ref=localhost:1/cache",))
    (warning,) = project.heard.warnings
    assert warning.startswith("built without the cache localhost:1/cache: ")
