"""What can be told before an engine is started: a missing file, an unknown stage, a secret that isn't there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit import tree
from pipeline_kit.engines import dockerfile
from pipeline_kit.errors import Failure, Place, fix, nearest, why

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.engines.dockerfile import Dockerfile
    from pipeline_kit.engines.request import BuildRequest, BuildSecret

# Words of a name that say that the value is a secret: NPM_TOKEN, DB_PASSWORD, apiKey.
_SECRET_WORDS = frozenset(
    {"token", "tokens", "password", "passwd", "pwd", "secret", "secrets", "key", "apikey", "credential", "credentials"}
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LARGEST = 16 << 20
_NAME = re.compile(r"[^\s=,\"]+")


def check(request: BuildRequest, context: Context) -> Dockerfile:
    """The Dockerfile of ``request``, which can be built as far as this machine's files and variables tell. Secrets are
    masked in the CI from here on.
    """
    _check_files(request, context)
    parsed = dockerfile.parse(request.dockerfile)
    name = relative(request.dockerfile, context.root)
    if parsed.is_empty:
        raise Failure("build.dockerfile", f"{name} is empty", why("There is nothing in it but comments."))
    # Another frontend (# syntax=) may have no stages at all: then the engine judges.
    if request.target and parsed.stages and parsed.stage(request.target) is None:
        raise missing_target(request, parsed, name)
    _check_names(request)
    for secret in request.secrets:
        context.mask(_value(secret, context))
    for name in request.args:
        if _SECRET_WORDS & {word.lower() for word in _WORD.findall(name)}:
            context.report.warn(
                f"build argument {name} can be read in the image's history; for a secret give --secret "
                f"id={name.lower()},env={name}, and RUN --mount=type=secret,id={name.lower()} reads it"
            )
    return parsed


def missing_target(request: BuildRequest, dockerfile: Dockerfile, name: str) -> Failure:
    """The failure of a target that is no stage of the Dockerfile ``name``."""
    names = [stage.name for stage in dockerfile.stages if stage.name]
    near = nearest(request.target, names)
    return Failure(
        "build.target",
        f"{name} has no stage {request.target}{f'; did you mean {near}?' if near else ''}",
        why(f"It names {', '.join(names)}." if names else "It names none; FROM ... AS NAME does."),
        place=Place(name),
    )


def relative(path: Path, root: Path) -> str:
    """``path`` as a person writes it: relative to the repository where it is inside."""
    inside = next((base for base in (root, root.resolve()) if path.is_relative_to(base)), None)
    return str(path.relative_to(inside)) if inside else str(path)


def _check_files(request: BuildRequest, context: Context) -> None:
    folder, file = request.folder, request.dockerfile
    if not folder.is_dir():
        raise Failure(
            "build.folder",
            f"there is no folder {relative(folder, context.root)} to build from",
            why("It is the build context: the files that COPY can take."),
        )
    if not file.is_file():
        here = sorted(path.name for path in file.parent.glob("*ockerfile*") if path.is_file())
        raise Failure(
            "build.dockerfile-missing",
            f"there is no {relative(file, context.root)}",
            why(f"In its folder there is {', '.join(here)}." if here else "In its folder there is no Dockerfile."),
        )


def _check_names(request: BuildRequest) -> None:
    kinds = {
        "build argument": request.args,
        "label": request.labels,
        "build context": request.contexts,
        "secret": [secret.id for secret in request.secrets],
    }
    for kind, names in kinds.items():
        for name in names:
            if not _NAME.fullmatch(name):
                raise Failure(
                    "build.name",
                    f"{name!r} can't be the name of a {kind}",
                    why("A name has no white space, no comma, no quote and no equals sign in it."),
                )


def _value(secret: BuildSecret, context: Context) -> str:
    """The secret itself: only to be masked."""
    if secret.env:
        if value := context.environ.get(secret.env):
            return value
        raise Failure(
            "build.secret",
            f"the secret {secret.id} is empty: {secret.env} is not set",
            why("An engine gives an empty secret to the build without a word."),
            fix(f"export {secret.env}=..."),
        )
    path = context.root / (secret.file or "")
    if not path.is_file():
        raise Failure("build.secret", f"the secret {secret.id} has no file {secret.file}", why(f"It should be {path}."))
    inside = path.is_relative_to(context.root)
    content = tree.read(path if inside else path.resolve(), _LARGEST, top=context.root if inside else None)
    return content.decode("utf-8", "replace")
