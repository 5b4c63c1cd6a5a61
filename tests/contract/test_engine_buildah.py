"""Buildah, without a daemon: the same rules on an engine that has other words for everything."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.engines import buildah, choose
from pipeline_kit.engines.request import BuildSecret
from pipeline_kit.errors import Exit
from pipeline_kit.model.digest import digest_of
from pipeline_kit.model.platform import Platform
from tests.contract.engine_project import Project, running, stopped_at
from tests.world.debian_packages import installed
from tests.world.unavailable import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.world.base_image import BaseImage

DOCKERFILE = """\
ARG NOTHING
FROM base AS build
COPY src.txt /src.txt
RUN touch /made && cat /src.txt > /built
FROM base AS runtime
COPY --from=build /built /built
RUN touch /late
CMD ["cat", "/built"]
"""
HEALTHY = DOCKERFILE + "HEALTHCHECK --interval=3s CMD true\n"


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Images of our own, and no daemon to find."""
    try:
        program = installed("buildah", "buildah")
    except Unavailable as unavailable:
        pytest.skip(str(unavailable))
    if os.geteuid() != 0 and not os.access("/dev/net/tun", os.W_OK):
        pytest.skip("without root a RUN of Buildah needs /dev/net/tun, which is not here")
    folder = tmp_path_factory.mktemp("buildah")
    paths = f'runroot = "{folder}/run"\ngraphroot = "{folder}/images"'
    (folder / "storage.conf").write_text(f'[storage]\ndriver = "vfs"\n{paths}\n')
    return {"CONTAINERS_STORAGE_CONF": f"{folder}/storage.conf", "PATH": f"{program.parent}:/usr/sbin:/usr/bin:/bin"}


@pytest.fixture(scope="session")
def base(small_base: BaseImage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small base with a history, which Buildah asks of an image."""
    layout = tmp_path_factory.mktemp("base") / "layout"
    shutil.copytree(small_base.layout, layout)
    index = json.loads((layout / "index.json").read_text())
    (entry,) = index["manifests"]
    manifest = json.loads((layout / "blobs" / entry["digest"].replace(":", "/")).read_text())
    config = json.loads((layout / "blobs" / manifest["config"]["digest"].replace(":", "/")).read_text())
    config["history"] = [{"created": "2025-01-01T00:00:00Z", "created_by": "a test"}]
    for described, document in ((manifest["config"], config), (entry, manifest)):
        content = json.dumps(document).encode()
        described |= {"digest": digest_of(content), "size": len(content)}
        (layout / "blobs" / described["digest"].replace(":", "/")).write_bytes(content)
    (layout / "index.json").write_text(json.dumps(index))
    return layout


@pytest.fixture
def new_project(storage: dict[str, str], base: Path, tmp_path: Path) -> Callable[[str], Project]:
    def made(name: str) -> Project:
        (tmp_path / name).mkdir()
        return Project(tmp_path / name, buildah, storage, {"base": f"oci-layout://{base}"})

    return made


@pytest.fixture
def project(new_project: Callable[[str], Project]) -> Project:
    return new_project("shop")


def test_it_is_known_with_its_version(project: Project) -> None:
    chosen, facts = choose("buildah", project.context)
    assert (chosen.NAME, facts.store, facts.tool.name) == ("buildah", "buildah", "buildah")
    assert facts.tool.version[0].isdigit()
    assert len(facts.tool.sha256) == 64


@pytest.mark.parametrize("dockerfile", [DOCKERFILE, HEALTHY], ids=["oci", "docker"])
def test_a_build_from_the_cache_has_the_same_digest(project: Project, dockerfile: str) -> None:
    project.write(dockerfile, src__txt=str(time.time_ns()))
    assert project.build() == project.build()
    assert "Using cache" in project.log
    assert project.config["created"] == "2023-11-14T22:13:20Z"


def test_two_folders_with_the_same_content_have_the_same_digest(new_project: Callable[[str], Project]) -> None:
    content = str(time.time_ns())
    one = new_project("one").write(DOCKERFILE, src__txt=content).build()
    assert new_project("two").write(DOCKERFILE, src__txt=content).build() == one


@pytest.mark.parametrize("dockerfile", [DOCKERFILE, HEALTHY], ids=["oci", "docker"])
def test_a_reproducible_build_uses_no_cache_and_is_the_same(project: Project, dockerfile: str) -> None:
    project.write(dockerfile, src__txt=str(time.time_ns()))
    one = project.build(reproducible=True)
    time.sleep(1.1)  # file times have whole seconds
    assert project.build(reproducible=True) == one
    assert "Using cache" not in project.log


def test_a_health_check_is_kept(project: Project) -> None:
    project.write(HEALTHY, src__txt="x").build()
    assert project.config["config"]["Healthcheck"] == {"Test": ["CMD-SHELL", "true"], "Interval": 3_000_000_000}


def test_values_arrive_as_they_are_and_nothing_is_added(project: Project) -> None:
    project.write('FROM base\nARG VALUE\nLABEL arg="$VALUE"\n')
    odd = "-x=1,\"2\" '3' $HOME ${PATH}\nnext line \\"
    project.build(args={"VALUE": odd}, labels={"label": odd, "-dash": "=", "nothing": ""})
    assert project.config["config"]["Labels"] == {"arg": odd, "label": odd, "-dash": "=", "nothing": ""}


def test_secrets_reach_the_command_and_nothing_else(project: Project) -> None:
    project.environ = {**project.environ, "BUILD_TOKEN": "hush-hush"}
    mounts = "--mount=type=secret,id=one --mount=type=secret,id=two"
    test = f"test $(md5sum < /run/secrets/one | cut -c 1-32) = {hashlib.md5(b'hush-hush').hexdigest()}"
    project.write(f"FROM base\nRUN {mounts} {test} && test $(wc -c < /run/secrets/two) = 10\n", token__txt="very quiet")
    secrets = (BuildSecret("one", env="BUILD_TOKEN"), BuildSecret("two", file=project.root / "token.txt"))
    project.build(secrets=secrets)
    stored = b"".join(path.read_bytes() for path in project.layout.folder.rglob("*") if path.is_file())
    assert b"hush-hush" not in stored + project.log.encode()


def test_a_command_that_fails_shows_its_line_and_its_last_words(project: Project) -> None:
    project.write(
        "ARG NOTHING\nFROM base AS build\nRUN true\n\nFROM base AS runtime\nENV A=1\n"
        "RUN for n in 1 2 3 4 5; do echo word $n; done; \\\n    # and then\n    exit 130\n"
    )
    failure = project.fails()
    assert (failure.kind, failure.exit, str(failure.place)) == ("build.run", Exit.BROKE, "Dockerfile:7")
    assert failure.headline == "Dockerfile:7, RUN ended with exit code 130"
    assert failure.evidence == (
        "       6 │ ENV A=1",
        "   >   7 │ RUN for n in 1 2 3 4 5; do echo word $n; done; \\",
        *("│ word 2", "│ word 3", "│ word 4", "│ word 5"),
    )
    assert failure.narrowed == "runtime"
    assert not running("buildah-chroot")


@pytest.mark.parametrize(
    ("dockerfile", "kind", "headline"),
    [
        ("FROM base\nRUN true\nRUN true && false\n", "run", "Dockerfile:3, RUN ended with exit code 1"),
        ("FROM base\nRUNN x\n", "dockerfile", 'Dockerfile:2, Unknown instruction: "RUNN"'),
        ("FROM base\nENV A\n", "dockerfile", "Dockerfile, ENV must have two arguments"),
        ("RUN x\n", "dockerfile", "Dockerfile, no FROM statement found"),
        ("FROM base\nCOPY ap.py /\n", "copy", "Dockerfile:2, there is no ap.py to copy"),
        ("FROM base\nCOPY kept.txt /\n", "copy", "Dockerfile:2, there is no kept.txt to copy"),
        ("FROM base AS a\nFROM base\nCOPY --from=a /no /\n", "copy", "Dockerfile:3, stage a has no /no"),
        (
            "FROM base\nCOPY --from=bas /no /\n",
            "base",
            "Dockerfile:2, there is neither a stage nor an image bas",
        ),
        ("FROM nosuchimage:1\n", "base", "Dockerfile:1, there is no base image nosuchimage:1"),
        (
            "FROM base\nRUN --mount=type=secret,id=npm,required=true true\n",
            "secret",
            "Dockerfile:2 needs the secret npm",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(project: Project, dockerfile: str, kind: str, headline: str) -> None:
    project.write(dockerfile, **{"app.py": "", "kept.txt": "", ".dockerignore": "kept.txt\n"})
    failure = project.fails()
    assert (failure.kind, failure.headline) == (f"build.{kind}", headline)


def test_what_it_can_not_do_is_refused_before_it_starts(project: Project) -> None:
    project.write("FROM base\n")
    both = (Platform("linux", "amd64"), Platform("linux", "arm64"))
    assert project.fails(platforms=both).kind == "build.unsupported"
    assert project.fails(cache_from=("type=registry,ref=r.io/x",)).kind == "build.unsupported"
    assert project.heard.lines == []


def test_a_folder_for_credentials_without_a_file_is_no_obstacle(project: Project, tmp_path: Path) -> None:
    project.environ = {**project.environ, "DOCKER_CONFIG": str(tmp_path)}
    project.write("FROM base\nCMD x\n").build()


def test_what_is_being_done_is_told(project: Project) -> None:
    project.write("FROM base\nCOPY Dockerfile /\nCMD x\n").build()
    assert ("STEP 2/3: COPY Dockerfile /", 2, 3) in project.heard.steps


def test_a_build_that_is_stopped_leaves_no_image_and_no_process(project: Project) -> None:
    seconds = str(50_000 + os.getpid())
    project.write(f"FROM base\nRUN echo now waiting; (sleep {seconds} & sleep {seconds})\n")
    with stopped_at(project, "now waiting"):
        project.build(reproducible=True)
    assert not project.is_built
    time.sleep(0.5)
    assert not running(f"sleep {seconds}")
    assert not running(str(project.root))
    assert not list(project.context.state.glob("build-*"))
