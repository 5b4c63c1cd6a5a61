"""``deploy``: the published digest serves, and the target itself says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipeline_kit.errors import Failure, alternative, fix, why
from pipeline_kit.flow import Flow, Outcome, Skip
from pipeline_kit.record import Values
from pipeline_kit.steps.command import Line, WholeNumber, step

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.model.deployment import Deployment
    from pipeline_kit.model.image import Image
    from pipeline_kit.model.published import Published
    from pipeline_kit.targets.docker_options import DockerOptions


def deploy(
    published: Published, image: Image | None, context: Context, *, target: str, options: DockerOptions, logs: Path
) -> Deployment:
    """Have ``target`` serve ``published`` by its digest and wait until it is healthy.

    ``image`` is the layout of the same digest where it is at hand: a target that can't reach the registry may load it.
    Failure: ``deploy.*``; the evidence is saved under ``logs`` before anything is rolled back.
    """
    from pipeline_kit.targets import TARGETS

    return TARGETS[target].deploy(published, image, options, context, logs)


def _would(flow: Flow, **options: Any) -> str:
    """What a dry run says."""
    from pipeline_kit.targets import TARGETS

    target = _target(flow, options)
    return TARGETS[target].describe(_docker_options(flow, options))


@step(
    "deploy",
    click.option(
        "--target",
        type=click.Choice(["", "docker"]),
        default="",
        help="Where to deploy.  [default: nowhere; docker with --local]",
    ),
    click.option(
        "--on",
        type=click.Choice(["tag", "branch"]),
        multiple=True,
        default=("tag",),
        show_default=True,
        help="Which pushes deploy: of a release tag, of a branch.",
    ),
    click.option("--name", default="", help="Name of the container.  [default: the image's last part]"),
    click.option(
        "--port",
        type=WholeNumber(0, 65535),
        default=0,
        show_default=True,
        help="Port on this machine; 0 takes a free one.",
    ),
    click.option(
        "--container-port",
        type=WholeNumber(0, 65535),
        default=0,
        help="Port in the container.  [default: the one the image exposes]",
    ),
    click.option(
        "--health",
        default="/",
        show_default=True,
        metavar="PATH",
        help="Path that answers below 400 when the service is healthy; '' asks no path.",
    ),
    click.option(
        "--timeout",
        type=WholeNumber(1, 3600),
        default=60,
        show_default=True,
        metavar="SECONDS",
        help="How long it may take to become healthy.",
    ),
    click.option(
        "--settle",
        type=WholeNumber(0, 600),
        default=3,
        show_default=True,
        metavar="SECONDS",
        help="How long it has to stay healthy before what served goes.",
    ),
    click.option(
        "--variable",
        "variables",
        multiple=True,
        type=Line(),
        metavar="NAME[=VALUE]",
        help="Environment variable of the container; a bare name takes its value from here.",
    ),
    examples="""\
  pipeline-kit deploy --target docker --port 8080 --health /healthz
  url=$(pipeline-kit deploy)
  pipeline-kit deploy --env prod""",
    would=_would,
)
def command(flow: Flow, **options: Any) -> Outcome:
    """Serve the published digest: the new container is probed before the old one stops, and the old one comes back if
    the new one does not answer.
    """
    from pipeline_kit.steps.clearance import cleared, taken_over

    target = _target(flow, options)
    published = flow.published()
    image = flow.built() if flow.has("build") else None
    _refuse_another(published, image)

    def at_hand() -> Image:
        nonlocal image
        image = image or taken_over(flow, published)
        return image

    cleared(flow, published.digest, at_hand, "deploy.unscanned")
    deployment = deploy(
        published,
        image,
        flow.context,
        target=target,
        options=_docker_options(flow, options),
        logs=flow.context.output / "logs" / "deploy",
    )
    detail = f"{target} {deployment.name}: {', '.join(deployment.evidence)}"
    # A job that only deploys says what serves, too.
    outputs = {"url": deployment.url, **published.outputs}
    return Outcome(Values(deploy=deployment), "healthy", detail, deployment.url or deployment.name, outputs)


def _target(flow: Flow, options: dict[str, Any]) -> str:
    """The target, or why there is none to deploy to."""
    target = str(options["target"]) or ("docker" if flow.local else "")
    event = flow.context.event
    plan = flow.plan()
    if not target:
        raise Skip("no target is configured")
    if not plan.publishes and event.kind != "pull_request":
        raise Skip(f"nothing is deployed: {plan.reason}")
    if not plan.publishes:
        raise Skip(f"{plan.reason}; {event.base or 'main'} would deploy to {target}")
    if event.kind not in ("local", "manual") and ("tag" if plan.released else "branch") not in options["on"]:
        raise Skip(f"deploy.on is {', '.join(options['on'])}, and this is a {'tag' if plan.released else 'branch'}")
    return target


def _refuse_another(published: Published, image: Image | None) -> None:
    """What is deployed is what was built, where it was built here."""
    if image and image.digest != published.digest:
        raise Failure(
            "record.digest",
            "push and build speak of different images",
            why(f"push gave {published.digest}, build gave {image.digest}."),
            fix("pipeline-kit run --from scan"),
        )


def _docker_options(flow: Flow, options: dict[str, Any]) -> DockerOptions:
    from pipeline_kit.ci.credentials import is_credential
    from pipeline_kit.targets.docker_options import DockerOptions

    if named := next((one for one in options["variables"] if "=" not in one and is_credential(one)), ""):
        raise Failure(
            "deploy.credential",
            f"deploy.variables names {named}, a credential of this program or of the CI",
            why("The container would have it for as long as it runs."),
            alternative("give the container a value of its own: NAME=VALUE, or another variable's name"),
        )
    return DockerOptions(
        name=options["name"] or flow.key.rpartition("/")[2],
        port=options["port"],
        container_port=options["container_port"],
        health=options["health"],
        health_timeout=options["timeout"],
        settle=options["settle"],
        variables=options["variables"],
    )
