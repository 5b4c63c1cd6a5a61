"""``build``: from the plan and a Dockerfile to an image, its digest fixed before anybody scans or publishes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline_kit.errors import Failure, alternative, fix, why
from pipeline_kit.flow import Flow, Outcome
from pipeline_kit.model.digest import short
from pipeline_kit.model.image import Image, Tool
from pipeline_kit.model.platform import Platform
from pipeline_kit.record import Values
from pipeline_kit.render.lines import megabytes
from pipeline_kit.scratch import scratch
from pipeline_kit.steps.command import KeyValue, Line, step
from pipeline_kit.steps.host_reach import NamedContext, Network, WithPaths

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline_kit.context import Context
    from pipeline_kit.engines.request import BuildRequest, BuildSecret
    from pipeline_kit.model.digest import Digest
    from pipeline_kit.model.plan import Plan
    from pipeline_kit.oci.layout import Layout


def build(request: BuildRequest, plan: Plan, context: Context, destination: Path, *, engine: str = "auto") -> Image:
    """Build ``request`` into an OCI layout at ``destination``, which is replaced whole and only on success.

    Failure: ``build.*``, with the Dockerfile's line where one is to blame.
    """
    from pipeline_kit import engines
    from pipeline_kit.engines import dockerfile

    chosen, facts = engines.choose(engine, context)

    def run(fresh: Path) -> None:
        chosen.build(request, facts, fresh, context, context.log("build"))

    seeds = _seeds(destination)
    try:
        built = _build(run, destination, seeds, context.memory)
    except Failure as failure:
        if not failure.kind.startswith("layout.") or not seeds:
            raise
        context.report.warn(f"{failure.headline}: the image is built again without the blobs of earlier builds")
        built = _build(run, destination, (), context.memory)
    return Image(
        digest=built.root.digest,
        layout=str(destination),
        platforms=built.platforms,
        commit=plan.commit,
        engine=facts.tool,
        stages=len(dockerfile.parse(request.dockerfile).stages),
    )


def _build(run: Callable[[Path], None], destination: Path, seeds: Sequence[Path], memory: Path) -> Layout:
    """Have ``run`` fill a layout, which takes the place of ``destination``; what it took of ``seeds`` is hashed."""
    from pipeline_kit.oci import layout, layout_folder
    from pipeline_kit.oci.verify import check_hashes

    with scratch(destination.parent) as folder:
        fresh = folder / "layout"
        seeded: frozenset[Digest] = frozenset().union(*(layout_folder.seed(earlier, fresh) for earlier in seeds))
        run(fresh)
        built = layout.read(fresh)
        layout_folder.prune(built)
        layout_folder.replace(fresh, destination)
    check_hashes(destination, seeded, memory)
    return built


def _seeds(destination: Path) -> list[Path]:
    """Layouts whose blobs the builder need not write again: the earlier one, and those of this working tree's other
    images. None that another run may link to meanwhile, such as a base's: a link looks like a write to a scan.
    """
    return [
        path
        for path in destination.parent.glob("*")
        if not path.name.startswith(".") and (path / "oci-layout").is_file()
    ]


def request(
    plan: Plan,
    root: Path,
    *,
    file: str = "Dockerfile",
    folder: str = ".",
    args: tuple[tuple[str, str], ...] = (),
    secrets: tuple[str, ...] = (),
    contexts: tuple[tuple[str, str], ...] = (),
    platforms: tuple[str, ...] = (),
    labels: tuple[tuple[str, str], ...] = (),
    **others: Any,
) -> BuildRequest:
    """What to build of the repository at ``root``, from the options as people write them; ``others`` are taken as they
    are. Values of ``args`` and ``labels`` may hold ``{version}``, ``{commit}`` and ``{time}``, which are the plan's.
    """
    from pipeline_kit.engines.request import BuildRequest, parse_secret

    return BuildRequest(
        folder=_inside(root, folder, "folder"),
        dockerfile=_inside(root, str(Path(folder) / file), "file"),
        args={key: _filled(value, plan) for key, value in args},
        labels=dict(plan.labels) | {key: _filled(value, plan) for key, value in labels},
        secrets=tuple(_permitted(parse_secret(text)) for text in secrets),
        contexts=dict(contexts),
        platforms=_platforms(platforms),
        time=plan.time,
        **others,
    )


def _would(flow: Flow, **options: Any) -> str:
    """What a dry run says."""
    from pipeline_kit import engines

    chosen, facts = engines.choose(options["engine"], flow.context)
    where = options["file"] if options["folder"] == "." else f"{options['folder']}/{options['file']}"
    target = f", stage {options['target']}" if options["target"] else ""
    platforms = f", for {', '.join(options['platforms'])}" if options["platforms"] else ""
    return f"build {where}{target}{platforms} with {chosen.NAME} ({facts.described})"


@step(
    "build",
    click.option(
        "--engine",
        type=click.Choice(["auto", "docker", "buildah"]),
        default="auto",
        show_default=True,
        help="What builds; auto takes the first that is there.",
    ),
    click.option(
        "--file", default="Dockerfile", show_default=True, metavar="FILE", help="Dockerfile, relative to the folder."
    ),
    click.option(
        "--folder", default=".", show_default=True, metavar="DIR", help="Build context, relative to the repository."
    ),
    click.option("--target", default="", metavar="STAGE", help="Stage to build.  [default: the last]"),
    click.option(
        "--arg",
        "args",
        multiple=True,
        type=KeyValue(),
        help="Build argument; {version}, {commit}, {time} are filled in. The image's history has it: not for secrets.",
    ),
    click.option(
        "--secret",
        "secrets",
        multiple=True,
        type=WithPaths(),
        metavar="id=NAME,env=VAR",
        help="Secret for RUN --mount=type=secret, from env=VAR or src=FILE; never in a layer.",
    ),
    click.option(
        "--context",
        "contexts",
        multiple=True,
        type=NamedContext(),
        help="Named build context, such as base=oci-layout://DIR.",
    ),
    click.option(
        "--platform",
        "platforms",
        multiple=True,
        type=Line(),
        metavar="OS/ARCH",
        help="Platform to build for.  [default: the engine's own]",
    ),
    click.option(
        "--label", "labels", multiple=True, type=KeyValue(), help="One more label; filled in as arguments are."
    ),
    click.option(
        "--network",
        type=Network(["", "host", "none"]),
        default="",
        help="Network of RUN.  [default: the engine's]",
    ),
    click.option(
        "--cache-from",
        multiple=True,
        type=WithPaths(),
        metavar="SPEC",
        help="Where to read a build cache from, in buildx's words.",
    ),
    click.option("--cache-to", multiple=True, type=WithPaths(), metavar="SPEC", help="Where to write one to."),
    click.option("--no-cache", is_flag=True, help="Run every step again."),
    click.option("--pull", is_flag=True, help="Ask the registry for newer base images."),
    click.option(
        "--reproducible", is_flag=True, help="Rewrite all times, so that builds without a cache are equal too; slower."
    ),
    examples="""\
  pipeline-kit build
  pipeline-kit build --target runtime --arg VERSION={version}
  pipeline-kit build --platform linux/amd64 --platform linux/arm64
  NPM_TOKEN=... pipeline-kit build --secret id=npm,env=NPM_TOKEN""",
    would=_would,
)
def command(flow: Flow, *, engine: str, **options: Any) -> Outcome:
    """Build the image into an OCI layout on disk. Its digest depends on the commit alone, as far as the Dockerfile
    allows, and is the one that is scanned, pushed and deployed.
    """
    earlier = flow.built().size if flow.has("build") else 0
    plan = flow.plan()
    if published := _adopted(flow, plan):
        detail = f"published as {plan.version} from this commit already: taken over, not built again"
        return Outcome(Values(build=published), short(published.digest), detail, published.digest, _outputs(published))
    image = build(request(plan, flow.context.root, **options), plan, flow.context, flow.layout, engine=engine)
    return Outcome(Values(build=image), short(image.digest), _detail(image, earlier), image.digest, _outputs(image))


def _outputs(image: Image) -> dict[str, str]:
    return {"digest": image.digest}


def _adopted(flow: Flow, plan: Plan) -> Image | None:
    """The image of this release, if an earlier run has published it: a chain that was cut goes on with that one."""
    if not (flow.completes and plan.publishes and any(tag.kind == "version" for tag in plan.tags)):
        return None
    from pipeline_kit.oci.adopt import adopt
    from pipeline_kit.oci.connect import READ, connect
    from pipeline_kit.oci.credentials import TARGET_SOURCES, find

    repository = flow.repository()
    registry = connect(repository, find(repository, flow.context, TARGET_SOURCES), flow.context, actions=READ)
    with flow.context.report.activity("look for an earlier run's image") as activity:
        layout = adopt(registry, plan, flow.layout, activity)
    if layout is None:
        return None
    engine = Tool("registry", repository.registry)
    return Image(layout.root.digest, layout.platforms, plan.commit, engine, str(flow.layout), adopted=True)


def _detail(image: Image, earlier: int) -> str:
    stages = f"{image.stages} stage{'' if image.stages == 1 else 's'}"
    platforms = f", {len(image.platforms)} platforms" if len(image.platforms) > 1 else ""
    change = image.size - earlier
    grown = f", {megabytes(abs(change))} {'more' if change > 0 else 'less'}" if earlier and abs(change) >= 1000 else ""
    version = ".".join(image.engine.version.split(".")[:2])
    return f"{image.engine.name} {version}, {stages}{platforms}, {megabytes(image.size)}{grown}"


def _inside(root: Path, text: str, option: str) -> Path:
    """A path of the repository; one that leads out of it is refused, since a build sends it to the engine."""
    path = (root / text).resolve()
    if not path.is_relative_to(root.resolve()):
        raise Failure(
            "config.file",
            f"build.{option} {text} leads out of the repository",
            why("What an image is built from must be in the commit it is named after."),
        )
    return path


def _permitted(secret: BuildSecret) -> BuildSecret:
    from pipeline_kit.ci.credentials import is_credential

    if is_credential(secret.env):
        raise Failure(
            "build.credential",
            f"build.secrets names {secret.env}, a credential of this program or of the CI",
            why("A build runs what the repository says, and so could use it for all that this job may do."),
            alternative(f"give the build a token of its own, by another name: id={secret.id},env=BUILD_TOKEN"),
        )
    return secret


def _platforms(texts: tuple[str, ...]) -> tuple[Platform, ...]:
    try:
        return tuple(Platform.parse(text) for text in texts)
    except ValueError as error:
        raise Failure("config.type", f"build.platforms: {error}", fix("platforms: [linux/amd64]")) from error


def _filled(value: str, plan: Plan) -> str:
    for name, text in (("{version}", plan.version), ("{commit}", plan.commit), ("{time}", str(plan.time))):
        value = value.replace(name, text)
    return value
