"""``bump``: the next release, made: files, commit, tag, and one push. ``run --release`` asks for it; else it is no part
of a run.
"""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from semver import Version

from pipeline_kit import output_folder, tree
from pipeline_kit.errors import Failure, alternative, fix, why
from pipeline_kit.flow import Flow, Outcome, Skip
from pipeline_kit.record import Values
from pipeline_kit.release.asked import Asked, Own
from pipeline_kit.steps.command import Line, step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline_kit.model.bump import Bumped


class SemanticVersion(click.ParamType[Version]):
    """A semantic version."""

    name = "version"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Version:
        """The version; a v in front is let pass."""
        if isinstance(value, Version):
            return value
        try:
            return Version.parse(str(value).removeprefix("v"))
        except ValueError:
            self.fail(f"{value!r} is no semantic version, such as 1.5.0.", param, ctx)


@contextmanager
def nothing_is_no_failure() -> Iterator[None]:
    """Skip a release that no commit asks for: a push of documentation alone is nobody's mistake."""
    from pipeline_kit.release.plan import NONE_ASKED

    try:
        yield
    except Failure as failure:
        if failure.kind != NONE_ASKED:
            raise
        raise Skip(f"{failure.headline}; {failure.notes[-1].text}") from None


def _would(flow: Flow, **options: Any) -> str:
    """What a dry run says."""
    from pipeline_kit.release.preview import outlook, preview
    from pipeline_kit.render.bump import detail

    if not flow.context.event.publishes:
        raise Skip(outlook(flow, _asked(flow, options)))
    with nothing_is_no_failure():
        made = preview(flow, _asked(flow, options))
    if made.there:
        return detail(made, dry_run=True)
    count = len(made.files)
    files = f"change {count} file{'' if count == 1 else 's'}, commit, and " if count else ""
    return f"{files}push {' '.join(made.tags)}" if made.refs else f"{files}tag {' '.join(made.tags)}"


@step(
    "bump",
    click.option(
        "--as",
        "as",
        type=click.Choice(["major", "minor", "patch"]),
        default=None,
        help="Which part of the version goes up, whatever the commits say.",
    ),
    click.option("--to", type=SemanticVersion(), metavar="VERSION", default=None, help="The version itself."),
    click.option("--pre", metavar="CHANNEL", default=None, help="Make a pre-release, such as rc: 1.5.0-rc.1."),
    click.option(
        "--package",
        "packages",
        multiple=True,
        type=Line(),
        metavar="NAME",
        help="In a repository of several: this one.",
    ),
    click.option(
        "--all-packages", is_flag=True, help="All packages that have something to release: one commit, several tags."
    ),
    click.option("--changelog", metavar="FILE", default=None, help="Put the release into this changelog."),
    click.option(
        "--changelog-format",
        type=click.Choice(["keep-a-changelog", "markdown"]),
        default="keep-a-changelog",
        show_default=True,
        help="How it is written there.",
    ),
    click.option(
        "--file",
        "files",
        multiple=True,
        type=Line(),
        metavar="PATH[:WHERE]",
        help="A file that holds the version. WHERE is a field of Chart.yaml, or a pattern (RE2) whose one group is "
        "the version.",
    ),
    click.option(
        "--message",
        default="chore(release): {version}",
        show_default=True,
        help="Message of the commit; {version}, {tag}, {previous} and {package} are filled in.",
    ),
    click.option("--sign", is_flag=True, help="Sign commit and tag, by your own git configuration."),
    click.option(
        "--commit/--no-commit", default=True, show_default=True, help="Whether files are written; else the tag is all."
    ),
    click.option("--push/--no-push", default=True, show_default=True, help="Whether the remote gets it."),
    click.option(
        "--notes",
        metavar="FILE",
        default=None,
        help="Write the release's notes into this file of the repository, as Markdown; best .pipeline-kit/notes.md.",
    ),
    click.option("--allow-empty", is_flag=True, help="Make a patch release where no commit asks for one."),
    click.option("--dry-run", is_flag=True, help="Show what would be written and pushed, and do none of it."),
    examples="""\
  pipeline-kit bump --dry-run
  pipeline-kit bump --changelog CHANGELOG.md --file pyproject.toml
  pipeline-kit bump --pre rc
  tag=$(pipeline-kit bump --notes .pipeline-kit/notes.md)""",
    would=_would,
)
def command(flow: Flow, **options: Any) -> Outcome:
    """Make the next release: count the version from tags and commits, write changelog and version files, commit, tag,
    and push commit and tag together. Run again, it makes no second one. Where no commit asks for a release, none is
    made: it ends with 0, and its outputs are empty.
    """
    from pipeline_kit.release.make import bump
    from pipeline_kit.render.bump import detail, preview, word
    from pipeline_kit.steps.version import with_remedy

    asked = _asked(flow, options)
    notes = _notes_path(flow, options["notes"] or "")
    flow.unwritten = flow.unwritten or asked.dry_run
    try:
        before = flow.state.commit
        with nothing_is_no_failure():
            made = bump(flow, asked)
        flow.follow(before)
    except Failure as failure:
        raise with_remedy(failure, flow) from None
    if notes and not asked.dry_run:
        _write_notes(flow, notes, made)
    result = preview(made) if asked.dry_run else "\n".join(made.tags)
    return Outcome(Values(bump=made), word(made), detail(made, dry_run=asked.dry_run), result, _outputs(made))


def refuse_other_packages(flow: Flow, options: dict[str, Any]) -> None:
    """Refuse a run that would release other packages than the one whose version its image has."""
    names = options["packages"]
    if not options["all_packages"] and names in ((), (flow.rules.package,)):
        return
    first = shlex.quote(next(iter(names), "") or next(iter(flow.settings.packages()), "NAME"))
    raise Failure(
        "config.usage",
        f"a run publishes one image, and bump.{'all-packages' if options['all_packages'] else 'packages'} is set",
        why("The image has the version of version.package, and of no other package."),
        fix(f"pipeline-kit run --release --set version.package={first}"),
        alternative("pipeline-kit bump makes the releases of several; then a run for each"),
    )


def foresee(flow: Flow, **options: Any) -> None:
    """Have the flow see the repository as it would be after the bump, for what a plan says next."""
    from pipeline_kit.release.preview import foreseen

    before = flow.state.commit
    flow.foresee(foreseen(flow, _asked(flow, options)))
    flow.follow(before)


def _asked(flow: Flow, options: dict[str, Any]) -> Asked:
    from pipeline_kit.release.messages import checked

    level, version = options["as"], options["to"]
    if version is not None and (level or options["pre"]):
        other = "--as" if level else "--pre"
        raise Failure("config.usage", f"--to and {other} exclude each other", why("--to is the whole version."))
    if options["packages"] and options["all_packages"]:
        raise Failure(
            "config.usage", "--package and --all-packages exclude each other", fix("pipeline-kit bump --help")
        )
    return Asked(
        level=level,
        version=version,
        channel=options["pre"],
        packages=tuple(options["packages"]),
        all_packages=options["all_packages"],
        changelog=options["changelog"] or "",
        changelog_format=options["changelog_format"],
        files=tuple(options["files"]),
        own=_own(flow, options),
        message=checked(options["message"]),
        sign=options["sign"],
        commit=options["commit"],
        push=options["push"],
        dry_run=options["dry_run"],
        allow_empty=options["allow_empty"],
    )


def _own(flow: Flow, options: dict[str, Any]) -> dict[str, Own]:
    """What packages have of their own, where nobody asks for something else than the configuration does."""
    configured = flow.settings.options("bump", flow.environment)
    files = configured.get("files", [])
    kept = {
        "files": tuple(options["files"]) == ((files,) if isinstance(files, str) else tuple(files)),
        "changelog": (options["changelog"] or "") == configured.get("changelog", ""),
    }
    found = {}
    for name in flow.settings.packages():
        own = flow.settings.files_of_package(name)
        found[name] = Own(
            tuple(own["files"]) if "files" in own and kept["files"] else None,
            own["changelog"] if "changelog" in own and kept["changelog"] else None,
        )
    return found


def _outputs(made: Bumped) -> dict[str, str]:
    """What later steps of the CI may want."""
    return {
        "version": "\n".join(one.release.version for one in made.releases),
        "tag": "\n".join(made.tags),
        "notes": _notes(made),
    }


def _notes(made: Bumped) -> str:
    if len(made.releases) == 1:
        return made.releases[0].notes
    return "\n".join(f"## {one.release.tag}\n\n{one.notes}" for one in made.releases)


def _notes_path(flow: Flow, name: str) -> Path | None:
    """Where the notes go. The name may be from the repository's configuration, so it leads nowhere else."""
    from pipeline_kit.release.files import is_plain, safe_path

    if not name:
        return None
    if not is_plain(flow.context.root, safe_path(name)):
        raise Failure("bump.file", f"{name} is no plain file", why("The notes are not written through a link."))
    if flow.git.call("ls-files", "--error-unmatch", "--", f":(literal,top){name}").code == 0:
        raise Failure(
            "bump.file",
            f"--notes would write over {name}, which git tracks",
            why("The notes are of this release alone, and the file would be a change that no commit has."),
            fix("pipeline-kit bump --notes .pipeline-kit/notes.md"),
            done="nothing was changed",
        )
    return flow.context.root / name


def _write_notes(flow: Flow, path: Path, made: Bumped) -> None:
    try:
        # First, or notes below it would make the tree dirty, and what is built next would be no release.
        output_folder.prepare(flow.context.output)
        tree.write(path, _notes(made).encode(), top=flow.context.root)
    except OSError as error:
        raise Failure(
            "bump.notes",
            f"{path.name} can't be written: {error.strerror}",
            why("The release is made; its notes are not in the file."),
            fix("run the same command again, with another --notes: it makes no second release"),
            done="commit and tag are made",
        ) from error
