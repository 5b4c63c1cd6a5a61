"""``version``: what this commit is called."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from pipeline_kit.errors import Failure, fix
from pipeline_kit.flow import Flow, Outcome
from pipeline_kit.model import version
from pipeline_kit.record import Values
from pipeline_kit.steps.command import Checked, CheckedKeyValue, step
from pipeline_kit.versioning import options as parsed
from pipeline_kit.versioning.next import next_version
from pipeline_kit.versioning.presets import DEFAULT, PRESETS

if TYPE_CHECKING:
    from pipeline_kit.config import Settings
    from pipeline_kit.model.git_state import GitState
    from pipeline_kit.model.rules import Rules


@step(
    "version",
    click.option(
        "--prefix",
        type=Checked(parsed.tag_prefix),
        default="v",
        show_default=True,
        help="What release tags start with before the version.",
    ),
    click.option(
        "--preset",
        type=click.Choice(list(PRESETS)),
        default=DEFAULT,
        show_default=True,
        help="How commit messages are read: as the specification says, or as another tool does.",
    ),
    click.option(
        "--bump",
        "bumps",
        multiple=True,
        type=CheckedKeyValue(parsed.bump_pair),
        metavar="TYPE=BUMP",
        help="What a type of commit asks for: major, minor, patch or none, such as docs=patch. What breaks is major.",
    ),
    click.option(
        "--squash/--no-squash",
        default=False,
        show_default=True,
        help="Whether the commits count that a squash message lists.",
    ),
    click.option(
        "--channel",
        "channels",
        multiple=True,
        type=CheckedKeyValue(parsed.channel_pair),
        metavar="BRANCH=CHANNEL",
        help="What a branch or pattern makes: stable, a pre-release such as rc, 1.x or maintenance for a range, or + "
        "for build metadata.  [default: stable]",
    ),
    click.option(
        "--zero",
        type=click.Choice(["lower", "cap", "none"]),
        default="lower",
        show_default=True,
        help="Before 1.0.0: lower, what breaks is minor and all else patch; cap, what breaks is minor; none, as later.",
    ),
    click.option(
        "--initial",
        type=Checked(parsed.initial_version),
        default="0.1.0",
        show_default=True,
        metavar="VERSION",
        help="The first version.",
    ),
    click.option("--package", default="", metavar="NAME", help="Package of the configuration to count for."),
    click.option(
        "--path",
        type=Checked(parsed.folder),
        default="",
        metavar="DIR",
        help="Only commits that change a file below this folder count.",
    ),
    click.option("--all-packages", is_flag=True, help="The versions of all packages of the configuration."),
    click.option(
        "--first-release", is_flag=True, help="There is no release yet: a clone without tags is complete, not cut."
    ),
    click.option(
        "--fetch/--no-fetch", default=False, show_default=True, help="Fetch history and tags that are missing."
    ),
    examples="""\
  pipeline-kit version                  1.5.0 on the tag v1.5.0, else 1.5.1-main.3
  version=$(pipeline-kit version)
  pipeline-kit version --format json    with what it follows from
  pipeline-kit version --bump docs=patch --channel next=rc
  pipeline-kit version --all-packages""",
)
def command(flow: Flow, *, all_packages: bool, **options: Any) -> Outcome:
    """The version of this commit: that of a release tag on it; else the next one from the Conventional Commits since
    the last release, with the branch and their number.
    """
    if all_packages and options["package"]:
        raise Failure(
            "config.usage", "--package and --all-packages exclude each other", fix("pipeline-kit version --help")
        )
    if all_packages:
        return _of_all(flow, options)
    flow.count_by(rules_of(flow.settings, **options))
    try:
        named = next_version(flow.state, flow.context.event, flow.rules)
    except Failure as failure:
        raise with_remedy(failure, flow) from None
    _warn_of_unasked_tags(flow, flow.state)
    _warn_of_package_tag(flow)
    whole = "; of the whole repository, not of one package" if _is_whole(flow) else ""
    return Outcome(
        Values(version=named), named.version, f"{named.origin}{whole}", named.version, {"version": named.version}
    )


def _warn_of_unasked_tags(flow: Flow, state: GitState) -> None:
    if state.fetched == "unasked" and not state.completed and not flow.rules.first_release:
        flow.context.report.warn(
            "no tag is here, and none was asked for: if there are releases, git fetch --tags; "
            "if not yet, export PIPELINE_KIT_VERSION_FIRST_RELEASE=true"
        )


def _warn_of_package_tag(flow: Flow) -> None:
    """Say whose release a pushed tag is, where the whole repository is counted: it would have no version tag."""
    pushed = flow.context.event.tag
    if not pushed or not _is_whole(flow) or version.parse(pushed, flow.rules.prefix):
        return
    for name, (_, prefix) in flow.settings.packages().items():
        if version.parse(pushed, prefix):
            flow.context.report.warn(
                f"{pushed} is a release of the package {name}: PIPELINE_KIT_VERSION_PACKAGE={name}"
            )
            return


def _is_whole(flow: Flow) -> bool:
    """Whether there are packages, and all of them are counted together."""
    return bool(flow.settings.packages()) and not (flow.rules.package or flow.rules.path)


def rules_of(settings: Settings, *, package: str, **options: Any) -> Rules:
    """The rules that the step's options say, for the package that they name."""
    return parsed.rules_of(settings.packages(), package, options)


def _of_all(flow: Flow, options: dict[str, Any]) -> Outcome:
    """The versions of all packages, from one walk through history."""
    from pipeline_kit.render.table import table

    packages = flow.settings.packages()
    if not packages:
        raise parsed.no_packages()
    shared = rules_of(flow.settings, **options)
    rules = {name: parsed.rules_of_package(shared, packages, name) for name in packages}
    states = flow.states(rules)
    try:
        found = {name: next_version(states[name], flow.context.event, one) for name, one in rules.items()}
    except Failure as failure:
        raise with_remedy(failure, flow) from None
    _warn_of_unasked_tags(flow, next(iter(states.values())))
    shown = table(
        ("package", "version", "previous", "why"), [(n, v.version, v.previous, v.origin) for n, v in found.items()]
    )
    changed = sum(1 for one in found.values() if one.changes)
    return Outcome(
        Values(packages=found),
        f"{len(found)} packages",
        f"{changed} with commits since their last release",
        shown,
        {"versions": "\n".join(f"{name}={one.version}" for name, one in found.items())},
    )


def with_remedy(failure: Failure, flow: Flow) -> Failure:
    """The failure of an incomplete clone, with the lines that the CI's own file lacks."""
    from pipeline_kit.ci.checkout import remedy

    if failure.kind not in ("git.shallow", "git.no-tags"):
        return failure
    cause, *others = failure.notes
    note, place = remedy(flow.context.root, flow.context.identity.ci, shallow=failure.kind == "git.shallow")
    failure.notes = (cause, note, *others)
    failure.place = place
    depth = "--depth 1 " if failure.kind == "git.shallow" else "--no-tags "
    failure.clone = f"git clone {depth}{shlex.quote(flow.state.remote or 'URL')} c && cd c"
    return failure
