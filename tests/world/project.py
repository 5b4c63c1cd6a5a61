"""A small project to send through the pipeline: a web server of two stages on the small base image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.base_image import BaseImage

DOCKERFILE = """\
FROM small AS build
ARG VERSION=none
COPY www/ /www/
RUN echo "$VERSION" > /www/version
FROM small AS runtime
COPY --from=build /www/ /www/
EXPOSE 8080
HEALTHCHECK --interval=2s CMD ["busybox", "wget", "-q", "-O-", "http://127.0.0.1:8080/healthz"]
CMD ["busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
"""
CONFIGURATION = """\
version: 1
build:
  args: { VERSION: '{version}' }
scan: { database: offline, cache: 'CACHE' }
deploy: { name: 'NAME', health: /healthz }
"""


def base_of_project(base: BaseImage) -> dict[str, str]:
    """The variable that names the base image: it is not in the repository, so its configuration can't."""
    return {"PIPELINE_KIT_BUILD_CONTEXTS": base.build_context("small")}


def project(folder: Path, trivy_cache: Path, *, name: str = "web", more: str = "") -> Repository:
    """A repository with a release on HEAD, configured for what a test has. ``name`` is the container's, ``more`` is
    added to the configuration.
    """
    folder.mkdir(parents=True)
    repository = Repository(folder)
    (folder / "www").mkdir()
    (folder / "www" / "healthz").write_text("ok\n")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    settings = CONFIGURATION.replace("CACHE", str(trivy_cache))
    (folder / "pipeline-kit.yml").write_text(settings.replace("NAME", name) + more)
    repository("add", ".")
    repository.commit("feat: serve a page")
    repository("tag", "--annotate", "v1.0.0", "--message", "first")
    (folder / "www" / "index.html").write_text("hello\n")
    repository("add", ".")
    repository.commit("feat: greet")
    repository("tag", "--annotate", "v1.1.0", "--message", "second")
    return repository
