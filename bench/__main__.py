"""``make bench``: start-up, versions, tags, build, and the whole run, each beside what people type today."""

from __future__ import annotations

import compileall
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pipeline_kit
from bench import tags, versions
from bench.commands import command
from bench.pairs import Pairs, measure
from examples import sample
from pipeline_kit.render.table import table
from tests.world.base_image import python_base
from tests.world.docker_registry import running_registry
from tests.world.engine import running_engine
from tests.world.kit import Kit
from tests.world.trivy_database import write_database

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world.base_image import BaseImage
    from tests.world.docker_registry import DockerRegistry
    from tests.world.engine import Engine

# What people write to make Trivy a gate.
_GATE: tuple[str, ...] = (
    "--image-src",
    "docker",
    "--skip-db-update",
    "--scanners",
    "vuln",
    "--severity",
    "HIGH,CRITICAL",
)
_GATE += ("--ignore-unfixed", "--exit-code", "1", "--quiet")
_COLUMNS = ("ours", "theirs", "ours takes", "theirs takes", "ratio (median, range)", "goal")


def main() -> int:
    """Print the table."""
    # As pip leaves an installed package; in a checkout whose files are new, every start would compile them again.
    compileall.compile_dir(Path(pipeline_kit.__file__).parent, quiet=1)
    rows = [_startup().row("pipeline-kit --version", "python -c 'import click'", "<= 1.50")]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        rows += [*versions.rows(folder / "versions"), *tags.rows(folder / "tags")]
        engine = stack.enter_context(running_engine())
        registry = stack.enter_context(running_registry(folder / "registry"))
        bench = _Bench(engine, python_base(), folder, registry)
        build = bench.build()
        rows.append(build.row("pipeline-kit build", "docker buildx build, same flags", f"<= {_build_goal(build):.2f}"))
        for temperature in ("warm", "cold"):
            pairs = bench.run(cold=temperature == "cold")
            rows.append(pairs.row(f"pipeline-kit run, {temperature}", "buildx --load; trivy; docker push", "<= 0.90"))
        rows.append((f"image: {bench.size / 1e6:.0f} MB in the layout", "", "", "", "", ""))
    sys.stdout.write(table(_COLUMNS, rows) + "\n")
    return 0


def _build_goal(pairs: Pairs) -> float:
    """1.05 times and 0.3 s, as a ratio of what theirs took here."""
    return 1.05 + 0.3 / (sum(pairs.theirs) / len(pairs.theirs))


def _startup() -> Pairs:
    kit = [str(Path(sys.executable).parent / "pipeline-kit"), "--version"]
    click = [sys.executable, "-c", "import click"]
    return measure(command(kit), command(click), rounds=15, warmups=2)


class _Bench:
    """The sample project, built and run in both ways."""

    def __init__(self, engine: Engine, base: BaseImage, folder: Path, registry: DockerRegistry) -> None:
        self._folder = folder / "project"
        self._base = base
        self._registry = registry
        self._cache = folder / "trivy"
        write_database(self._cache)
        sample.write(self._folder, history=True)
        self._environ = {
            **os.environ,
            **engine.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), engine.path]),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "PIPELINE_KIT_IMAGE": f"{registry.address}/ours/web",
            "PIPELINE_KIT_BUILD_CONTEXTS": base.build_context(sample.BASE),
            "PIPELINE_KIT_SCAN_DATABASE": "offline",
            "PIPELINE_KIT_SCAN_CACHE": str(self._cache),
        }
        self._kit = Kit(self._folder, self._environ)
        self._number = 0

    @property
    def size(self) -> int:
        """Bytes of the image."""
        return sum(int(platform["size"]) for platform in self._kit.value("build")["platforms"])

    def build(self) -> Pairs:
        """Building after a change, by both, into an OCI layout on disk."""
        theirs = self._folder.parent / "theirs"

        def plain() -> None:
            shutil.rmtree(theirs, ignore_errors=True)
            self._run(*self._buildx(f"type=oci,dest={theirs},tar=false"))

        return measure(self._ours("build"), plain, rounds=5, before=self._change)

    def run(self, *, cold: bool) -> Pairs:
        """From a change to a published image. ``cold`` builds every step again, scans without a cache of layers, and
        publishes to a registry that has nothing yet: one that has, mounts the base from where it was pushed before.
        """

        def ours() -> None:
            more = ("--set", "build.no-cache=true") if cold else ()
            self._run(*self._kit.argv("run", "--until", "push", "--image", f"{self._registry.address}/ours/web", *more))

        def shell() -> None:
            name = f"{self._registry.address}/theirs/web:latest"
            self._run(*self._buildx("type=docker", "--tag", name, *(["--no-cache"] if cold else [])))
            self._run("trivy", "image", *_GATE, "--cache-dir", str(self._cache), name)
            self._run("docker", "push", "--quiet", name)

        return measure(ours, shell, rounds=5, before=self._cool if cold else self._change)

    def _buildx(self, output: str, *more: str) -> tuple[str, ...]:
        return ("docker", "buildx", "build", "--quiet", "--provenance=false", "--build-arg", "VERSION=1.0.0",
                "--build-context", self._base.build_context(sample.BASE), "--output", output, *more, ".")  # fmt: skip

    def _ours(self, *arguments: str) -> Callable[[], None]:
        return lambda: self._run(*self._kit.argv(*arguments))

    def _change(self) -> None:
        """Commit a change of the service."""
        self._number += 1
        with (self._folder / "web" / "book.py").open("a") as file:
            file.write(f"# change {self._number}\n")
        self._git("commit", "--quiet", "--all", "--message", f"fix: change {self._number}")

    def _cool(self) -> None:
        """A change, and nothing that an earlier round left in the registry or in the scanner's cache of layers."""
        self._change()
        shutil.rmtree(self._cache / "fanal", ignore_errors=True)
        self._registry.empty()

    def _git(self, *arguments: str) -> None:
        self._run("git", *sample.IDENTITY, *arguments)

    def _run(self, *argv: str) -> None:
        command(argv, self._folder, self._environ)()


if __name__ == "__main__":
    raise SystemExit(main())
