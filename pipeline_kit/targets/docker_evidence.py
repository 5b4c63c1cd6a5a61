"""What is kept of a container that failed, before it is removed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipeline_kit.errors import quote

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.targets.docker_container import Container
    from pipeline_kit.targets.docker_engine import Engine

_LINES = 10_000
_LAST = 4


def save(engine: Engine, container: Container, folder: Path, context: Context) -> str:
    """Save its output and how the engine sees it in ``folder``; returns its last words, each line behind a bar.

    Values of environment variables are left out: they may be secrets. Known secrets are, wherever they stand.
    Nothing is left of a container that somebody removed.
    """
    from docker.errors import NotFound

    try:
        seen = engine.api.inspect_container(container.id)
    except NotFound:
        return ""
    said = context.run.secrets.clean(engine.api.logs(container.id, tail=_LINES, timestamps=False))
    context.keep(folder / f"{container.name}.log", said)
    seen["Config"]["Env"] = [f"{variable.partition('=')[0]}=..." for variable in seen["Config"].get("Env") or ()]
    context.keep(folder / f"{container.name}.json", json.dumps(seen, indent=1).encode() + b"\n")
    return "\n".join(quote(said.decode("utf-8", "replace"), last=_LAST))
