"""A real Debian whose package manager is used in layers of a real build, and one whose database is written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline_kit.engines import docker
from pipeline_kit.oci.verify import verify
from pipeline_kit.scanners.package_history import doubts
from tests.contract.engine_project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.base_image import BaseImage
    from tests.world.engine import Engine

# A package of three files, made on the spot in the version that is asked for.
MAKE = r"""#!/bin/sh -e
mkdir -p /p/DEBIAN /p/usr/lib/demo /p/etc
printf "Package: demo\nVersion: $1\nArchitecture: all\nMaintainer: x\nDescription: x\n" > /p/DEBIAN/control
for n in a b c; do echo "$1" > /p/usr/lib/demo/$n; done
dpkg-deb --build /p /demo.deb && dpkg -i /demo.deb && rm -r /p /demo.deb
"""
HEAD = "FROM base\nCOPY make /make\nRUN sh /make 1\n"


@pytest.fixture
def project(engine: Engine, python_base: BaseImage, tmp_path: Path) -> Project:
    (tmp_path / "shop").mkdir()
    return Project(tmp_path / "shop", docker, engine.environ, {"base": f"oci-layout://{python_base.layout}"})


def _doubts(project: Project, dockerfile: str) -> tuple[str, ...]:
    project.write(dockerfile, make=MAKE).build()
    layout = project.layout
    layers = verify(layout.folder, None).layers
    return doubts(layers[layer] for layer in layout.platforms[0].layers)


def test_installing_upgrading_and_removing_in_layers_of_their_own_is_no_doubt(project: Project) -> None:
    steps = (
        "RUN sh /make 2",
        "RUN dpkg --remove demo",
        "RUN sh /make 3",
        "RUN dpkg --purge demo",
        "RUN dpkg --purge --force-depends --force-remove-essential tzdata gpgv sysvinit-utils",
    )
    assert _doubts(project, HEAD + "\n".join(steps)) == ()


@pytest.mark.parametrize(
    ("attack", "doubt"),
    [
        ("sed -i '/^Package: demo$/,/^$/d' /var/lib/dpkg/status", "a layer changes demo in the package database"),
        ("sed -i '/^Package: demo$/,/^$/s/^Version: 1/Version: 9/' /var/lib/dpkg/status", "a layer changes demo "),
        ("mv /var/lib/dpkg/status /opt/x && ln -s /opt/x /var/lib/dpkg/status", "a layer puts a link in the place of "),
        ("mv /var/lib/dpkg /opt/x && ln -s /opt/x /var/lib/dpkg", "a layer puts a link in the place of "),
    ],
    ids=["entry", "version", "link", "folder"],
)
def test_a_database_that_something_else_writes_is_a_doubt(project: Project, attack: str, doubt: str) -> None:
    assert _doubts(project, f"{HEAD}RUN {attack}\n")[0].startswith(doubt)
