"""A project, an engine and a scanner's data, as each end-to-end test has them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.world.kit import Kit
from tests.world.project import base_of_project, project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world.base_image import BaseImage
    from tests.world.engine import Engine
    from tests.world.trivy_database import TrivyDatabase


@pytest.fixture
def kit(tmp_path: Path, engine: Engine, small_base: BaseImage, trivy_database: TrivyDatabase) -> Iterator[Kit]:
    """``pipeline-kit`` in a project of the test's own, with a release on HEAD. Its container is removed at the end."""
    name = f"web-{uuid4().hex[:8]}"
    folder = tmp_path / "web"
    project(folder, trivy_database.cache, name=name)
    path = os.pathsep.join([str(Path(sys.executable).parent), engine.path])
    environ = {**engine.environ, **base_of_project(small_base), "PATH": path, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    yield Kit(folder, environ)
    for container in engine.docker("ps", "--all", "--quiet", "--filter", f"name={name}").split():
        engine.docker("rm", "--force", container)
