"""``pipeline-kit replay``: a run again, from its record, and where it parts from what it was."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import click
import msgspec

from pipeline_kit import ci, record
from pipeline_kit.commands.effective import WITHHELD
from pipeline_kit.errors import Failure, alternative, fix, why
from pipeline_kit.process import Command
from pipeline_kit.render.table import table
from pipeline_kit.replay import program
from pipeline_kit.replay.compare import STEPS, Comparison, compare
from pipeline_kit.replay.tree import tree
from pipeline_kit.scratch import scratch
from pipeline_kit.state_folder import file_name

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.record import Record
    from pipeline_kit.session import Session

# Where a machine keeps its own things says nothing about the run, and what was withheld can't be set again.
_NOT_SET = WITHHELD | {"scan.cache"}
_INHERITED = "PIPELINE_KIT_"
# A hook has them, and they name its own repository.
_OF_A_HOOK = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})


class Replay(msgspec.Struct, frozen=True):
    """How a replay went."""

    commit: str
    image: str
    same: bool
    steps: tuple[Comparison, ...]


@click.command(
    "replay",
    epilog="""\b
Examples:
  pipeline-kit replay                        the last run of this working tree
  gh run download 1234567 --name pipeline-kit-record-web --dir record && pipeline-kit replay record
  pipeline-kit replay run.json --format json""",
)
@click.argument("file", metavar="RECORD", default=f".pipeline-kit/{record.NAME}")
@click.option("--keep", is_flag=True, help="Keep the working tree that it was made in, and say where it is.")
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", help="How the result is written."
)
@click.pass_obj
def command(session: Session, /, file: str, output: str, *, keep: bool) -> None:
    """Make a run again from its record: the same commit, event and settings, here. version, tag, build and scan are
    compared with what they gave then; nothing is published or deployed. Ends with 1 where they differ.
    """
    context = session.context
    path = session.folder / file
    found = record.read(path / record.NAME if path.is_dir() else path, own=False)
    image = next((entry.image for entry in reversed(found.entries) if entry.step in STEPS), "")
    if not image:
        raise Failure(
            "replay.nothing",
            f"{file} has none of {', '.join(STEPS)}",
            why("These are the steps that are made again."),
            fix("pipeline-kit run --until scan"),
        )
    name = f"replay-{found.commit[:12]}"
    with nullcontext(context.state / name) if keep else scratch(context.state, name) as folder:
        made = tree(found, folder / file_name(image.rpartition("/")[2]), context)
        steps = compare(found, _again(session, found, image, made), image)
        if keep:
            session.terminal.line(f"The working tree is {made}")
    outcome = Replay(found.commit, image, all(one.same for one in steps), steps)
    rows = [(one.step, one.then, one.now, "same" if one.same else one.note or "differs") for one in steps]
    session.result(table(("step", "then", "now", ""), rows), outcome, output)
    if not outcome.same:
        raise _diverged(outcome, file)


def _again(session: Session, found: Record, image: str, folder: Path) -> Record | None:
    """Run the recorded steps in ``folder``, telling what they say; the record that they leave."""
    steps = [step for step in STEPS if found.find(image, step)]
    only = [text for step in steps for text in ("--only", step)]
    done = session.context.run.run(
        Command(
            argv=program.argv("run", *only),
            cwd=folder,
            extra=_environment(session, found),
            tied=True,
        ),
        session.terminal.line,
    )
    left = folder / ".pipeline-kit" / record.NAME
    if not left.exists() and done.code:
        return None
    return record.read(left)


def _environment(session: Session, found: Record) -> dict[str, str]:
    """What this program sees, with the run's own settings and event in the place of this terminal's."""
    from pipeline_kit.generate.options import all_options

    variables = {option.path: option.variable for option in all_options()} | {"image": "PIPELINE_KIT_IMAGE"}
    here = {
        key: value
        for key, value in ci.without_ci(session.environ).items()
        if key not in _OF_A_HOOK and not key.startswith(_INHERITED)
    }
    # What stands in the file stands in the commit.
    set_then = {
        variables[one.key]: one.value
        for one in found.run.settings
        if one.key in variables and one.key not in _NOT_SET and one.origin.startswith(("--", _INHERITED))
    }
    # The secrets that made an event unsafe are not here.
    event = msgspec.structs.replace(found.run.event, unsafe=False) if found.run.event else None
    imitated = {"PIPELINE_KIT_EVENT": msgspec.json.encode(event).decode()} if event else {}
    environment = {"PIPELINE_KIT_ENV": found.run.environment} if found.run.environment else {}
    return here | set_then | imitated | environment


def _diverged(outcome: Replay, file: str) -> Failure:
    first = next(one for one in outcome.steps if not one.same)
    return Failure(
        "replay.diverged",
        f"{first.step} gave another result: {first.then} then, {first.now} now",
        *([why(f"{first.note[0].upper()}{first.note[1:]}.")] if first.note else []),
        alternative(f"pipeline-kit replay {file} --keep leaves the working tree to look into"),
    )
