"""A container on a Docker Engine: on this machine, or on another one.

The image is pulled by its digest, and what the engine holds is compared with it. The container is tried out beside the
one that serves, and takes its place when it is healthy; else the other one stays, or comes back.
"""

from __future__ import annotations

import json
import re
import socket
from dataclasses import asdict
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.model.deployment import Deployment
from pipeline_kit.model.digest import digest_of, short
from pipeline_kit.targets.docker_container import Container, Publish
from pipeline_kit.targets.docker_engine import connected, is_lost, raised, translated, wait_for, words
from pipeline_kit.targets.docker_failures import engine_gone
from pipeline_kit.targets.docker_health import QUICK, healthy, url_of
from pipeline_kit.targets.docker_image import fetch
from pipeline_kit.targets.docker_replacement import Replacement
from pipeline_kit.targets.docker_site import LABEL, site
from pipeline_kit.targets.docker_tidy import brought, tidy
from pipeline_kit.targets.probe import Unhealthy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.model.image import Image
    from pipeline_kit.model.published import Published
    from pipeline_kit.targets.docker_engine import Engine
    from pipeline_kit.targets.docker_image import Fetched
    from pipeline_kit.targets.docker_options import DockerOptions
    from pipeline_kit.targets.docker_site import Site

NAME = "docker"
_CONTAINER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}\Z")
_EVERY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not bound to
_NOT_JUDGED = ("name", "health_timeout", "settle", "stop_timeout", "variables")
_ATTEMPTS = 3  # an engine that goes away again and again is told


def describe(options: DockerOptions) -> str:
    """Where ``deploy`` would have it serve, in words."""
    port = f"on port {options.port}" if options.port else "on a free port"
    return f"docker: container {options.name} {port}"


def deploy(
    published: Published, image: Image | None, options: DockerOptions, context: Context, log_folder: Path
) -> Deployment:
    """Have ``published`` serve as the container ``options.name``, and wait until it is healthy; see ``targets``."""
    _check_name(options.name)
    _check_health(options.health)
    variables = _variables(options.variables, context)
    with connected(context) as engine, translated(engine.endpoint), site(engine, options.name, context) as place:
        for attempt in range(_ATTEMPTS):
            try:
                # What is there, and nothing that was known before: an engine that comes back has ended containers, and
                # started others.
                place.recover(revive=attempt > 0)
                return _replaced(published, image, options, variables, place, context, log_folder)
            except raised() as error:
                if not is_lost(error):
                    raise
                if attempt + 1 == _ATTEMPTS or not wait_for(engine, context):
                    raise engine_gone(options.name, words(error)) from error
        raise AssertionError


def _replaced(
    published: Published,
    image: Image | None,
    options: DockerOptions,
    variables: Mapping[str, str],
    place: Site,
    context: Context,
    log_folder: Path,
) -> Deployment:
    """Have ``published`` serve in the place of what serves now."""
    engine = place.engine
    before = place.serving()
    labels = _labels(published, options, variables, _host(engine, options.address), before)
    if before and (evidence := _serves_already(engine, before, labels, context)):
        return _deployment(published, options, engine, before, evidence)
    fetched = fetch(published, image, engine, context)
    replacement = Replacement(
        site=place,
        before=before,
        fetched=fetched,
        options=options,
        variables=variables,
        labels=labels | brought(engine, before, fetched),
        publish=_publish(engine, fetched, options, before),
        context=context,
        log_folder=log_folder,
    )
    serving, seen = replacement.run()
    tidy(engine, serving, before)
    how = () if fetched.how == "pulled" else (fetched.how,)
    return _deployment(published, options, engine, serving, (*seen, *how))


def _deployment(
    published: Published, options: DockerOptions, engine: Engine, serving: Container, evidence: tuple[str, ...]
) -> Deployment:
    url = url_of(engine, serving)
    port = (f"port {url.rpartition(':')[2]}",) if url else ()
    before = serving.labels.get(f"{LABEL}before", "")
    was = (f"instead of {short(before.rpartition('@')[2])}",) if before else ()
    return Deployment(
        digest=published.digest,
        target=NAME,
        name=options.name,
        running=serving.image,
        url=url,
        before=before,
        evidence=(*evidence, *port, *was),
    )


def _serves_already(
    engine: Engine, before: Container, labels: Mapping[str, str], context: Context
) -> tuple[str, ...] | None:
    """Why nothing has to be done; None if another digest, other options or nothing healthy serves."""
    if not before.running or any(
        before.labels.get(f"{LABEL}{key}") != labels[f"{LABEL}{key}"] for key in ("digest", "spec")
    ):
        return None
    try:
        return ("it serves already, not restarted", *healthy(engine, before, context, QUICK))
    except Unhealthy:
        return None


def _labels(
    published: Published,
    options: DockerOptions,
    variables: Mapping[str, str],
    host: str,
    before: Container | None,
) -> dict[str, str]:
    spec = {key: value for key, value in asdict(options).items() if key not in _NOT_JUDGED} | {"env": dict(variables)}
    own = {
        "name": options.name,
        "digest": published.digest,
        "reference": str(published.reference),
        "before": before.labels.get(f"{LABEL}reference", before.source) if before and before.running else "",
        "spec": digest_of(json.dumps(spec, sort_keys=True).encode()),
        "health": options.health,
        "host": host,
    }
    return dict(options.labels) | {f"{LABEL}{key}": value for key, value in own.items()}


def _variables(variables: tuple[str, ...], context: Context) -> dict[str, str]:
    """``NAME=VALUE`` as it is; the value of a bare NAME comes from the run's environment, and may be a secret."""
    found = {}
    for variable in variables:
        name, equals, value = variable.partition("=")
        if not equals:
            if name not in context.environ:
                raise Failure(
                    "deploy.variable",
                    f"the variable {name} is not set",
                    why("deploy.variable names it without a value, so the value is taken from the run's environment."),
                )
            value = context.environ[name]
            if value:
                context.mask(value)
        found[name] = value
    return found


def _publish(engine: Engine, fetched: Fetched, options: DockerOptions, before: Container | None) -> Publish | None:
    container_port = options.container_port or (fetched.ports[0] if len(fetched.ports) == 1 else 0)
    if not container_port:
        if not fetched.ports and not options.port and not options.health:
            return None
        exposed = ", ".join(map(str, fetched.ports))
        raise Failure(
            "deploy.container-port",
            f"the image exposes {f'several ports: {exposed}' if exposed else 'no port'}",
            why("One port of the container is published and asked for its health."),
            alternative("deploy.container-port: the port that the service listens on"),
        )
    return Publish(container_port, options.address, options.port or _any_port(engine, before))


def _any_port(engine: Engine, before: Container | None) -> int:
    """The port of the container that is replaced, if it can still be had, else a free one: a number, so that it stays
    the same when the container is started again. Of another machine nobody here can tell; its engine takes one itself.
    """
    if before and before.port and (before.active or not engine.local or _free_port(before.port)):
        return before.port
    return _free_port(0) if engine.local else 0


def _free_port(wanted: int) -> int:
    """``wanted`` if nothing listens there, with 0 any port that is free; 0 if it is taken."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
        port: int = probe.getsockname()[1]
        return port


def _host(engine: Engine, address: str) -> str:
    """Where the published port is reached from here."""
    loopback = address.startswith("127.") or address in ("localhost", "::1")
    if loopback and not engine.local:
        raise Failure(
            "deploy.address",
            f"{address} of the engine's machine can't be reached from here",
            why(f"The engine is on {engine.host}, and a container on its loopback could not be asked for its health."),
            alternative("deploy.address: an address of that machine, 0.0.0.0 for all of them"),
        )
    return engine.host if loopback or address in _EVERY_ADDRESS else address


def _check_health(path: str) -> None:
    """It is put behind the service's own address: what does not begin with a slash could name another host."""
    if path and (not path.startswith("/") or not path.isprintable() or " " in path):
        raise Failure(
            "deploy.health",
            f"{path!r} is no path that a service can be asked for",
            why("It begins with a slash, and has no space and no control character in it."),
            alternative("deploy.health: /healthz"),
        )


def _check_name(name: str) -> None:
    if not _CONTAINER_NAME.match(name):
        raise Failure(
            "deploy.name",
            f"{name!r} can't be the name of a container",
            why("Letters, digits, and _ . - after the first; at most 100."),
        )
