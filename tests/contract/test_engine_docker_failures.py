"""What goes wrong in a Dockerfile, on a real engine: the line, the cause and the tool's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline_kit.engines import docker
from pipeline_kit.errors import Exit
from tests.contract.engine_project import Project
from tests.world.docker_registry import passwords, running_registry

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.base_image import BaseImage
    from tests.world.docker_registry import DockerRegistry
    from tests.world.engine import Engine


@pytest.fixture
def project(engine: Engine, small_base: BaseImage, tmp_path: Path) -> Project:
    (tmp_path / "shop").mkdir()
    return Project(tmp_path / "shop", docker, engine.environ, {"base": f"oci-layout://{small_base.layout}"})


def test_a_command_that_fails_shows_its_line_and_its_last_words(project: Project) -> None:
    project.write(
        "FROM base AS build\nRUN true\n\nFROM base AS runtime\nENV A=1\n"
        "RUN for n in 1 2 3 4 5; do echo word $n; done; \\\n    echo why; exit 9\n"
    )
    failure = project.fails()
    assert (failure.kind, failure.exit, str(failure.place)) == ("build.run", Exit.BROKE, "Dockerfile:6")
    assert failure.headline == "Dockerfile:6, RUN ended with exit code 9"
    assert failure.evidence == (
        "       5 │ ENV A=1",
        "   >   6 │ RUN for n in 1 2 3 4 5; do echo word $n; done; \\",
        "│ word 3",
        "│ word 4",
        "│ word 5",
        "│ why",
    )
    cause, log = (note.text for note in failure.notes)
    assert cause == "The command of stage runtime failed; the lines below 6 are its own last words."
    lines = project.log.splitlines()
    first = int(log.rpartition(" ")[2])
    assert log == f".pipeline-kit/logs/build.log, {len(lines)} lines, this command from {first}"
    assert "RUN for n in" in lines[first - 1]
    assert failure.narrowed == "runtime"


@pytest.mark.parametrize(
    ("dockerfile", "kind", "headline"),
    [
        ("FROM base\nRUN nosuchprogram\n", "run", "Dockerfile:2, RUN ended with exit code 127"),
        ("FROM base\nRUN <<EOF\necho a\nexit 3\nEOF\n", "run", "Dockerfile:2, RUN ended with exit code 3"),
        ("FROM base\nRUNN x\n", "dockerfile", "Dockerfile:2, unknown instruction: RUNN (did you mean RUN?)"),
        ("FROM base\nENV A\n", "dockerfile", "Dockerfile:2, ENV must have two arguments"),
        ("RUN x\n", "dockerfile", "Dockerfile:1, no build stage in current context"),
        ("FROM $NONE\n", "dockerfile", "Dockerfile:1, base name ($NONE) should not be blank"),
        ("FROM base\nCOPY src/ap.py /\n", "copy", "Dockerfile:2, there is no src/ap.py to copy"),
        ("FROM base\nCOPY kept.txt /\n", "copy", "Dockerfile:2, there is no kept.txt to copy"),
        ("FROM base AS a\nFROM base\nCOPY --from=a /no /\n", "copy", "Dockerfile:3, stage a has no /no"),
        ("FROM 127.0.0.1:1/x:1\n", "base-unreachable", "Dockerfile:1, 127.0.0.1:1/x:1 can't be reached"),
        ("FROM base\nADD http://127.0.0.1:1/x /\n", "failed", "Dockerfile:2, ADD failed"),
        (
            "FROM base\nRUN --mount=type=secret,id=npm,required=true true\n",
            "secret",
            "Dockerfile:2 needs the secret npm",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(project: Project, dockerfile: str, kind: str, headline: str) -> None:
    project.write(dockerfile, **{"src/app.py": "", "kept.txt": "", ".dockerignore": "kept.txt\n"})
    failure = project.fails()
    assert (failure.kind, failure.headline) == (f"build.{kind}", headline)


def test_a_misspelt_file_and_one_that_is_kept_out_are_told_apart(project: Project) -> None:
    project.write("FROM base\nCOPY src/ap.py /\n", **{"src/app.py": "", "kept.txt": "", ".dockerignore": "kept.txt\n"})
    assert "Did you mean src/app.py?" in project.fails().notes[0].text
    project.write("FROM base\nCOPY kept.txt /\n")
    assert ".dockerignore keeps it out" in project.fails().notes[0].text


def test_a_base_image_that_does_not_exist(project: Project, docker_registry: DockerRegistry) -> None:
    image = f"{docker_registry.address}/team/none:1"
    failure = project.write(f"FROM base\nFROM {image}\n").fails()
    assert (failure.kind, failure.headline) == ("build.base", f"Dockerfile:2, there is no base image {image}")
    assert "no such image" in failure.notes[0].text


def test_a_base_image_that_may_not_be_pulled(project: Project, tmp_path: Path) -> None:
    (tmp_path / "registry").mkdir()
    auth = passwords(tmp_path / "registry", {"somebody": "else"})
    with running_registry(tmp_path / "registry", auth=auth) as registry:
        failure = project.write(f"FROM {registry.address}/team/app:1\n").fails()
    assert failure.kind == "build.base"
    assert "may not pull it" in failure.notes[0].text


def test_a_dockerfile_in_a_folder_is_named_from_the_repository(project: Project) -> None:
    project.write("", **{"services/web/Dockerfile": "FROM base\nRUN false\n"})
    web = project.root / "services" / "web"
    failure = project.fails(folder=web, dockerfile=web / "Dockerfile")
    assert failure.headline == "services/web/Dockerfile:2, RUN ended with exit code 1"
