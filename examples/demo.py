"""``make demo``: the sample goes from a git repository to a container that answers, on real parts.

Every digest in the table at the end is read from the part itself: the layout is hashed, the scanner's report and the
registry and the engine are asked. Whatever was started is stopped, whatever was made is removed.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from examples import sample
from pipeline_kit.errors import Exit
from pipeline_kit.model.digest import digest_of, short
from pipeline_kit.oci.layout import read
from pipeline_kit.oci.server import serving
from pipeline_kit.render.table import table
from tests.world.base_image import python_base
from tests.world.engine import Engine, running_engine
from tests.world.kit import Kit
from tests.world.trivy_database import write_database
from tests.world.unavailable import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = f"pipeline-kit-demo-{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Stage:
    """A row of the table. ``digest`` is '' for the stages before there is an image."""

    name: str
    result: str
    digest: str
    seconds: float


def main() -> int:
    """The exit code: 0 if the same digest came out of every stage and the container said its version."""
    started = time.monotonic()
    try:
        with ExitStack() as stack:
            engine = stack.enter_context(running_engine())
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pipeline-kit-demo-")))
            kit, address = _prepared(stack, engine, folder)
            stack.callback(_remove, engine, address)
            code = subprocess.run(
                kit.argv("run"), cwd=kit.folder, env=kit.environment(), stdin=subprocess.DEVNULL
            ).returncode
            if code:
                return code
            return _report(kit, engine, address, time.monotonic() - started)
    except Unavailable as unavailable:
        _say(str(unavailable))
        return Exit.USAGE


def _prepared(stack: ExitStack, engine: Engine, folder: Path) -> tuple[Kit, str]:
    """The sample in a repository of its own, a registry, and the variables that say where everything is."""
    registry = folder / "registry"
    registry.mkdir()
    address = stack.enter_context(serving(registry, durable=False))
    sample.write(folder / "web")
    environ = {
        **engine.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), engine.path]),
        "HOME": os.environ.get("HOME", str(folder)),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "PIPELINE_KIT_IMAGE": f"{address}/web",
        "PIPELINE_KIT_DEPLOY_NAME": _NAME,
    }
    environ |= {name: os.environ[name] for name in ("NO_COLOR", "TERM", "LANG", "LC_ALL") if name in os.environ}
    environ |= _offline(folder)
    return Kit(folder / "web", environ), address


def _offline(folder: Path) -> dict[str, str]:
    """What stands in for an image registry and for the scanner's data where they can't be reached."""
    if all(_reaches(host) for host in ("registry-1.docker.io", "mirror.gcr.io")):
        return {}
    base = python_base()
    write_database(folder / "trivy")
    _say("No image registry can be reached: the base image is made of Debian's packages, and the scanner")
    _say("has a small database of test data. Its verdict says nothing about real vulnerabilities.")
    return {
        "PIPELINE_KIT_BUILD_CONTEXTS": base.build_context(sample.BASE),
        "PIPELINE_KIT_SCAN_DATABASE": "offline",
        "PIPELINE_KIT_SCAN_CACHE": str(folder / "trivy"),
    }


def _reaches(host: str) -> bool:
    try:
        socket.create_connection((host, 443), timeout=3).close()
    except OSError:
        return False
    return True


def _report(kit: Kit, engine: Engine, address: str, seconds: float) -> int:
    url = str(kit.value("deploy")["url"])
    with urllib.request.urlopen(url, timeout=10) as answer:
        said = str(json.load(answer)["version"])
    stages = list(_stages(kit, engine, address, said))
    rows = [(stage.name, stage.result, short(stage.digest), f"{stage.seconds:.1f} s") for stage in stages]
    sys.stdout.write("\n" + table(("stage", "what came out", "digest", "time"), rows) + "\n")
    digests = {stage.digest for stage in stages if stage.digest}
    version = str(kit.value("version")["version"])
    if len(digests) == 1 and said == version:
        (digest,) = digests
        sys.stdout.write(
            f"\nOne digest all the way, and the container says {said}. {seconds:.0f} s in all.\n{digest}\n"
        )
        return Exit.DONE
    sys.stdout.write(f"\nThe stages do not agree: {', '.join(sorted(digests))}; the container says {said}.\n")
    return Exit.BROKE


def _stages(kit: Kit, engine: Engine, address: str, said: str) -> Iterable[Stage]:
    """Each stage with the digest that the part itself gives."""
    times = {entry["step"]: float(entry["seconds"]) for entry in kit.record()["entries"]}
    version, tags = kit.value("version")["version"], [tag["name"] for tag in kit.value("tag")["tags"]]
    yield Stage("version", version, "", times["version"])
    yield Stage("tag", " ".join(tags), "", times["tag"])
    yield Stage("build", "the layout's manifest, hashed", _of_layout(kit), times["build"])
    yield Stage("scan", f"pass: {_packages(kit)} packages, by the scanner's report", _of_report(kit), times["scan"])
    yield Stage("push", f"{address}/web:{version}, read back", _of_registry(address, version), times["push"])
    yield Stage("deploy", f"the container says {said}", _of_engine(engine, _of_layout(kit)), times["deploy"])


def _of_layout(kit: Kit) -> str:
    layout = kit.layout("web")
    named = str(json.loads((layout / "index.json").read_bytes())["manifests"][0]["digest"])
    return digest_of((layout / "blobs" / "sha256" / named.removeprefix("sha256:")).read_bytes())


def _of_report(kit: Kit) -> str:
    """The scanner knows an image by its config: the manifest that has it."""
    report = next((kit.folder / ".pipeline-kit" / "reports").glob("scan-*.json"))
    config = json.loads(report.read_bytes())["Metadata"]["ImageID"]
    platforms = read(kit.layout("web")).platforms
    return next((platform.manifest for platform in platforms if platform.config == config), str(config))


def _packages(kit: Kit) -> int:
    return sum(int(scan["packages"]) for scan in kit.value("scan")["scans"])


def _of_registry(address: str, tag: str) -> str:
    accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"
    request = urllib.request.Request(f"http://{address}/v2/web/manifests/{tag}", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return digest_of(answer.read())


def _of_engine(engine: Engine, expected: str) -> str:
    """The reference that the engine started the container from, and the image that it says it runs."""
    inspected = json.loads(engine.docker("inspect", _NAME))[0]
    asked = str(inspected["Config"]["Image"]).rpartition("@")[2]
    # An engine with the classic store knows an image by its config instead.
    return asked if asked == expected else str(inspected["Image"])


def _remove(engine: Engine, address: str) -> None:
    """Take the container and its image away."""
    references = engine.docker("image", "ls", "--quiet", "--filter", f"reference={address}/web").split()
    for arguments in (["rm", "--force", _NAME], ["image", "rm", "--force", *references]):
        if arguments[-1] != "--force":
            try:
                engine.docker(*arguments)
            except RuntimeError as error:
                _say(f"could not clean up: {error}")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
