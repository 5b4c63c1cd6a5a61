"""``pipeline-kit tag`` beside docker/metadata-action, for the push of a release tag on GitHub.

The action is in no package registry: ``PIPELINE_KIT_BENCH_METADATA_ACTION`` names its ``dist/index.cjs``. It asks
GitHub about the repository over the network; here it asks this machine.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from bench.commands import command, peak_memory
from bench.pairs import measure
from bench.versions import KIT
from tests.world.history import write_history
from tests.world.peers import environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.versions import Row

_DIST = "PIPELINE_KIT_BENCH_METADATA_ACTION"
_NAME = "contoso/shop"
_REPOSITORY = {
    "name": "shop",
    "full_name": _NAME,
    "html_url": f"https://github.com/{_NAME}",
    "description": "A shop",
    "default_branch": "main",
    "license": {"spdx_id": "Apache-2.0"},
    "owner": {"login": "contoso"},
}
_IMAGE = "registry.example.com/shop/web"
_RULES = ("type=semver,pattern={{version}}", "type=semver,pattern={{major}}.{{minor}}", "type=sha")
# Both are asked for the same tags.
_OURS = (KIT, "tag", "--compat", "metadata-action", "--images", _IMAGE, *(f"--tags={rule}" for rule in _RULES))
_ROUNDS = 15
_GOAL, _MEMORY_GOAL = "<= 0.40", "<= 60 MB"


def rows(folder: Path) -> Iterator[Row]:
    """The rows of the table. ``folder`` is empty."""
    history = folder / "history"
    repository = write_history(history, commits=1_000, tags=50, after=0)
    tag, commit = (repository(*call).strip() for call in (("describe", "--exact-match"), ("rev-parse", "HEAD")))
    with _api() as address:
        environ = _event(folder, tag, commit) | environment(history) | {"GITHUB_API_URL": address}
        dist = os.environ.get(_DIST, "")
        ours = command(_OURS, history, environ)
        name, peer = "pipeline-kit tag, a release on GitHub", "docker/metadata-action"
        if dist:
            yield measure(ours, command(("node", dist), history, environ), rounds=_ROUNDS).row(name, peer, _GOAL)
        else:
            ours()
            yield (name, f"{peer}: set {_DIST} to its dist/index.cjs", "", "", "", _GOAL)
        megabytes = peak_memory(_OURS, history, environ) / 1e6
        yield ("pipeline-kit tag: memory", "", f"{megabytes:.0f} MB", "", "", _MEMORY_GOAL)


def _event(folder: Path, tag: str, commit: str) -> dict[str, str]:
    """What a runner sets when ``tag`` is pushed."""
    payload = folder / "event.json"
    payload.write_text(json.dumps({"ref": f"refs/tags/{tag}", "repository": _REPOSITORY}), encoding="utf-8")
    outputs = {name: str(folder / name.lower()) for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY")}
    for path in outputs.values():
        (folder / path).touch()
    return {
        **outputs,
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(payload),
        "GITHUB_REF": f"refs/tags/{tag}",
        "GITHUB_REF_NAME": tag,
        "GITHUB_REF_TYPE": "tag",
        "GITHUB_REPOSITORY": _NAME,
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_SHA": commit,
        "GITHUB_WORKSPACE": str(folder / "history"),
        "RUNNER_TEMP": str(folder),
        "INPUT_CONTEXT": "workflow",
        "INPUT_GITHUB-TOKEN": "not a secret: the bench answers",
        "INPUT_IMAGES": _IMAGE,
        "INPUT_TAGS": "\n".join(_RULES),
    }


class _Api(BaseHTTPRequestHandler):
    """GitHub's API, so far as the action asks it."""

    def do_GET(self) -> None:
        content = json.dumps(_REPOSITORY).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        """Say nothing."""


@contextmanager
def _api() -> Iterator[str]:
    """Its address, as long as the block lasts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
