"""``tag``: the tags and labels of this commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from pipeline_kit import output_folder, tree
from pipeline_kit.errors import Failure, alternative, fix, why
from pipeline_kit.flow import Flow, Outcome
from pipeline_kit.model.event_facts import EventFacts
from pipeline_kit.model.refs import tag_of
from pipeline_kit.model.version import NextVersion
from pipeline_kit.record import Values
from pipeline_kit.steps.command import Line, step
from pipeline_kit.tagging import facts as facts_of
from pipeline_kit.tagging import javascript, variables
from pipeline_kit.tagging.images import names as image_names
from pipeline_kit.tagging.lists import shown
from pipeline_kit.tagging.metadata import compact, indented
from pipeline_kit.tagging.plan import default_tags, extra_tags, plan

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.tagging.evaluate import Evaluated
    from pipeline_kit.tagging.facts import Facts
    from pipeline_kit.tagging.metadata import Metadata
    from pipeline_kit.tagging.request import Request

_COMPAT = "metadata-action"
_BAKE_TARGET = "docker-metadata-action"


class Lines(click.ParamType[str]):
    """Text of several lines, each an item: quotes may hold a line's end, so it is split where it is read."""

    name = "lines"

    def split_envvar_value(self, rv: str) -> list[str]:
        """The whole text."""
        return [rv]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is."""
        if not isinstance(value, str):
            self.fail(f"{value!r} is no text.", param, ctx)
        return value


class Word(click.Choice[str]):
    """A word of a list, whatever white space is around it: an input of an action may have some. None is the first."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word."""
        if isinstance(value, str):
            value = javascript.trim(value) or self.choices[0]
        return super().convert(value, param, ctx)


def _lines(flag: str, metavar: str, text: str) -> Any:
    return click.option(flag, multiple=True, type=Lines(), metavar=metavar, help=text)


def _separator(flag: str, what: str) -> Any:
    return click.option(
        flag, metavar="TEXT", help=f"What stands between the {what} of an output.  [default: a line's end]"
    )


@step(
    "tag",
    click.option(
        "--extra",
        multiple=True,
        type=Line(),
        metavar="TAG",
        help="One more tag, such as staging; it moves to a higher version only.",
    ),
    click.option("--latest/--no-latest", default=True, show_default=True, help="Whether a release moves latest."),
    _lines("--tags", "RULE", "A tag rule, such as type=semver,pattern={{major}}; with one, rules alone give the tags."),
    _lines("--flavor", "FLAVOR", "What goes around all tags: latest=auto, prefix=TEXT or suffix=TEXT."),
    _lines("--images", "NAME", "An image whose tags the outputs name; push publishes to the configured image alone."),
    _lines("--labels", "KEY=VALUE", "One more label of the image; templates are filled in."),
    _lines("--annotations", "KEY=VALUE", "One more annotation in the outputs; templates are filled in."),
    _separator("--sep-tags", "tags"),
    _separator("--sep-labels", "labels"),
    _separator("--sep-annotations", "annotations"),
    click.option(
        "--bake-target",
        default=_BAKE_TARGET,
        show_default=True,
        metavar="NAME",
        help="Target that the Bake files define.",
    ),
    click.option(
        "--context",
        type=Word(["workflow", "git"]),
        default="workflow",
        show_default=True,
        help="Whether the event comes from the CI, or from the checked-out commit alone.",
    ),
    click.option("--default-branch", metavar="NAME", help="The default branch, where neither CI nor clone tells it."),
    click.option("--kubernetes", is_flag=True, help="Make each tag a valid label of Kubernetes too: 63 characters."),
    click.option(
        "--compat", type=click.Choice([_COMPAT]), help="Answer as docker/metadata-action does, mistakes included."
    ),
    examples="""\
  pipeline-kit tag                      1.5.0, 1.5, 1, latest, sha-9c1f2e7: one a line
  pipeline-kit tag --extra staging
  pipeline-kit tag --tags type=semver,pattern={{version}} --tags type=sha
  pipeline-kit tag --format json        with labels, and whether this event publishes""",
)
def command(
    flow: Flow,
    *,
    extra: tuple[str, ...],
    latest: bool,
    tags: tuple[str, ...],
    flavor: tuple[str, ...],
    images: tuple[str, ...],
    labels: tuple[str, ...],
    annotations: tuple[str, ...],
    sep_tags: str | None,
    sep_labels: str | None,
    sep_annotations: str | None,
    bake_target: str,
    context: str,
    default_branch: str | None,
    kubernetes: bool,
    compat: str | None,
) -> Outcome:
    """The tags and labels of this commit: a release gets 1.5.0, 1.5, 1, latest and its commit; anything else its commit
    and branch; with rules what those say. Nothing is asked over the network: whether a moving tag may move is decided
    by push.
    """
    from pipeline_kit.tagging import request

    asked = request.parse(
        images_given=images,
        tags=tags,
        flavor_given=flavor,
        labels=labels,
        annotations=annotations,
        compat=bool(compat),
    )
    if flow.completes and not flow.local:
        _refuse_other_images(flow, asked)
    if not latest:
        asked = msgspec.structs.replace(asked, flavor=msgspec.structs.replace(asked.flavor, latest="false"))
    settings = facts_of.settings(flow.context.environ) if compat else facts_of.Settings()
    if not compat and (idle := [name for name in facts_of.VARIABLES if flow.context.environ.get(name)]):
        flow.context.report.warn(f"without compat: metadata-action nothing follows from {', '.join(idle)}")
    facts = _facts(flow, asked, settings, context, default_branch or "")
    if asked.rules:
        evaluated = asked.evaluated(facts, kubernetes=kubernetes)
        for warning in (*evaluated.warnings, *_without_tags(evaluated)):
            flow.context.report.warn(warning)
        named = _named(flow, evaluated, compat=asked.compat)
        version = evaluated.version or named.version
        # The label has the first tag with compat, whatever it is.
        told = evaluated.main or "" if asked.compat else version
        listed, own = evaluated.names, evaluated.tags
    else:
        named = flow.version()
        version = told = named.version
        around = asked.flavor.filled(variables.general(facts))
        own = default_tags(flow.state, flow.context.event, named, flavor=around, kubernetes=kubernetes)
        listed = tuple(dict.fromkeys(tag.name for tag in own))
    found = asked.metadata(facts, listed, told)
    added = extra_tags(extra, kubernetes=kubernetes)
    made = plan(flow.state, flow.event, named, [*own, *added], version=version, labels=found.labels)
    target = javascript.trim(bake_target) or _BAKE_TARGET
    more = tuple(tag.name for tag in made.tags if tag.name not in listed)
    found = msgspec.structs.replace(found, names=(*listed, *more), levels=settings.levels, bake_target=target)
    separators = (sep_tags or "\n", sep_labels or "\n", sep_annotations or "\n")
    given = outputs(found, separators) | _bake_files(flow, found)
    names = [tag.name for tag in made.tags]
    return Outcome(
        Values(tag=made),
        f"{len(names)} tag{'' if len(names) == 1 else 's'}",
        " ".join(names),
        "\n".join(names),
        given,
        _variables(given) if settings.export else {},
    )


def outputs(found: Metadata, separators: tuple[str, str, str]) -> dict[str, str]:
    """What later steps of the CI may want, under the names that docker/metadata-action gives."""
    tags, labels, annotations = separators
    return {
        "version": found.version,
        "tags": tags.join(found.tags),
        "tag-names": tags.join(found.names),
        "labels": labels.join(f"{key}={value}" for key, value in found.labels.items()),
        "annotations": annotations.join(found.leveled),
        "json": compact(found.json()),
    }


def _facts(flow: Flow, asked: Request, settings: facts_of.Settings, source: str, default_branch: str) -> Facts:
    from pipeline_kit.ci.facts import facts as told_by

    context = flow.context
    of_git = source == "git" or context.event.kind == "local"
    told = _from_git(flow, asked.asks) if of_git else told_by(context.environ, context.event)
    now = context.clock.now()
    if asked.rules and not asked.compat:
        _refuse_elsewhere(flow, told)
    if asked.asks and not default_branch:
        default_branch = told.repository.default_branch or context.event.default_branch or _default_branch(flow)
    if asked.compat:
        return facts_of.compatible(told, flow.state, settings, now, default_branch=default_branch)
    return facts_of.facts(told, flow.state, context.environ, now, default_branch=default_branch)


def _refuse_elsewhere(flow: Flow, told: EventFacts) -> None:
    """Refuse a tag's event where another commit is checked out: rules would give it the release's names."""
    name, state = tag_of(told.ref), flow.state
    named = next((tag.commit for tag in state.tags if tag.name == name), "") or told.sha
    if name and named and named != state.commit:
        raise Failure(
            "tag.elsewhere",
            f"the event is about {shown(name)}, which is {named[:7]}, and {state.short} is checked out",
            why("The rules would give the names of that release to another commit."),
            fix("check out what the event is about: actions/checkout without ref"),
            alternative("--context git goes by what is checked out"),
        )


def _from_git(flow: Flow, needed: bool) -> EventFacts:  # noqa: FBT001 - a private function's one switch
    """What the repository alone tells: the release that HEAD is, else its branch, else any other tag on it. The same
    commit has the same answer wherever it is cloned.
    """
    state = flow.state
    if not needed:
        return EventFacts()
    # A replay has the branch of the run that it makes again, on a detached commit.
    branch = state.branch or (flow.context.event.branch if flow.context.event.kind == "local" else "")
    if state.here:
        ref = f"refs/tags/{state.here[0].name}"
    elif branch:
        ref = f"refs/heads/{branch}"
    else:
        refs = flow.git.lines(
            "for-each-ref", "--points-at=HEAD", "--format=%(refname)", "refs/tags", "refs/heads", "refs/remotes"
        )
        ref = ref_of(refs)
    return EventFacts(name="push", ref=ref, sha=state.commit)


def ref_of(refs: list[str]) -> str:
    """The ref that a detached commit goes by, of those that point at it: a tag, a branch, a branch of a remote, which
    counts as its local one. '' where there is none.
    """
    for start in ("refs/tags/", "refs/heads/", "refs/remotes/"):
        for ref in refs:
            if not ref.startswith(start) or ref.endswith("/HEAD"):
                continue
            return f"refs/heads/{ref.removeprefix(start).partition('/')[2]}" if start == "refs/remotes/" else ref
    return ""


def _default_branch(flow: Flow) -> str:
    """The branch that the remote's HEAD names, '' where this clone was not told."""
    start = f"refs/remotes/{flow.git.settings.remote_name(flow.state.branch)}/"
    found = flow.git.call("symbolic-ref", "--quiet", f"{start}HEAD")
    return "" if found.code else found.text.removeprefix(start)


def _refuse_other_images(flow: Flow, asked: Request) -> None:
    """Refuse names of images that a run which publishes would leave out."""
    others = [name for name in image_names(asked.images) if name != str(flow.image)]
    if flow.image and others:
        raise Failure(
            "tag.images",
            f"images names {shown(others[0])}, and {flow.image} alone is published",
            why("images is what the outputs of tag are for; a run publishes one image, under the name of image."),
            fix("leave tag.images away"),
            alternative("another run publishes to another registry: pipeline-kit run --image NAME"),
        )


def _named(flow: Flow, evaluated: Evaluated, *, compat: bool) -> NextVersion:
    if flow.no_version and (compat or evaluated.version):
        # A shallow clone has no next version; the names that a rule gives don't need one.
        return NextVersion(evaluated.version or evaluated.main or "", "from the rules of tags", released=False)
    return flow.version()


def _without_tags(evaluated: Evaluated) -> tuple[str, ...]:
    return () if evaluated.names else ("no rule gives a tag for this event",)


def _bake_files(flow: Flow, found: Metadata) -> dict[str, str]:
    """Write the definitions for ``docker buildx bake`` beside the record; their paths. A plan writes nothing."""
    if flow.unwritten:
        return {}
    folder: Path = flow.context.output / "bake"
    paths: dict[str, str] = {}
    with flow.writing(folder):
        output_folder.prepare(flow.context.output)
        for name, definition in found.bake_files().items():
            path = folder / f"{name}.json"
            tree.write(path, f"{indented(definition)}\n".encode(), top=flow.context.root)
            paths[name] = str(path)
        return paths
    return {}


def _variables(given: dict[str, str]) -> dict[str, str]:
    """The outputs as variables, named as docker/metadata-action names them."""
    return {f"DOCKER_METADATA_OUTPUT_{name.replace('-', '_').upper()}": value for name, value in given.items()}
