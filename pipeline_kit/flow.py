"""The values of one run on their way from step to step, kept in the record as they come.

A step that runs alone finds what earlier steps gave in the record; in a chain it finds what they gave just now. Either
way nothing made from another commit is taken.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pipeline_kit import __version__, artifact, record, state_folder, tree
from pipeline_kit.errors import Failure, alternative, fix, why
from pipeline_kit.gate.proofs import Proofs
from pipeline_kit.git import Git
from pipeline_kit.git.folders import refuse_missing
from pipeline_kit.model.rules import Rules
from pipeline_kit.record import Entry, Record, Run, Setting, Values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping  # noqa: TC004 - a flow is never decoded

    from pipeline_kit.config import Settings  # noqa: TC004 - a flow is never decoded
    from pipeline_kit.context import Context  # noqa: TC004 - as above
    from pipeline_kit.model.deployment import Deployment
    from pipeline_kit.model.event import Event
    from pipeline_kit.model.git_state import GitState
    from pipeline_kit.model.image import Image
    from pipeline_kit.model.plan import Plan
    from pipeline_kit.model.published import Published
    from pipeline_kit.model.reference import Repository  # noqa: TC004 - as above
    from pipeline_kit.model.verdict import Verdict
    from pipeline_kit.model.version import NextVersion


class Outcome(msgspec.Struct, frozen=True):
    """What a step gave: its value for the record, the ``word`` and ``detail`` of its line, the ``result`` for standard
    output, the ``outputs`` for the CI's later steps, and the ``variables`` for their environment.
    """

    value: Values
    word: str
    detail: str
    result: str
    outputs: dict[str, str] = msgspec.field(default_factory=dict)
    variables: dict[str, str] = msgspec.field(default_factory=dict)


class Skip(Exception):  # noqa: N818 - no error: the step has nothing to do
    """A step does nothing, for a reason that its line gives. ``outputs`` are those of what is there already."""

    def __init__(self, reason: str, outputs: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.outputs = outputs or {}


class Flow(msgspec.Struct, dict=True, eq=False):
    """One image on its way through the steps. ``image`` is None where no name is configured. ``rules`` say how versions
    are counted. ``local`` is a run without an account; ``will_push`` is whether something is to be published, and
    ``completes`` whether a run that builds goes on to publish, so that it takes over what an earlier one has published;
    ``given`` are the settings that are not at their default; ``unwritten`` keeps the record in memory, for a plan.
    ``answers`` is a step that runs alone and whose answer no other step needs the record for; ``sealed`` one that
    itself needs nothing of it. ``no_version`` is why there is no version, for ``tag``, whose rules may do without;
    ``damaged`` is why nothing of the record that was found is used. ``scan_options`` are those of the scan, for a step
    that asks for one; ``kept`` are the steps that this run has made.
    """

    context: Context
    settings: Settings
    image: Repository | None
    environment: str = ""
    rules: Rules = Rules()
    local: bool = False
    will_push: bool = True
    completes: bool = False
    given: tuple[Setting, ...] = ()
    record_path: Path = Path()
    record: Record | None = None
    unwritten: bool = False
    answers: bool = False
    sealed: bool = False
    no_version: Failure | None = None
    damaged: Failure | None = None
    scan_options: Callable[[], dict[str, Any]] = dict
    kept: set[str] = msgspec.field(default_factory=set)

    @property
    def key(self) -> str:
        """The image's name in the record: its path without the registry, or the folder's name."""
        return self.image.path if self.image else self.context.root.name.lower()

    @property
    def proofs(self) -> Proofs:
        """What this job made itself."""
        return Proofs(self.context.state)

    @cached_property
    def git(self) -> Git:
        """The repository."""
        return Git(self.context.root, self.context.run, self.context.environ)

    @cached_property
    def state(self) -> GitState:
        """The repository's state, read once."""
        return self.states({"": self.rules})[""]

    def states(self, rules: Mapping[str, Rules]) -> dict[str, GitState]:
        """The repository's state under several rules, by name, in one pass: all commits, with the paths that rules of a
        package need. A clone that lacks history or tags is completed where the rules allow it.
        """
        prefixes = {name: one.prefix for name, one in rules.items()}
        refuse_missing(self.git, [(one.package, one.path) for one in rules.values()])
        paths = any(one.scoped for one in rules.values())
        found = self.git.states(prefixes, paths=paths)
        event = self.context.event
        lacks = any(one.shallow or one.may_lack_tags(event) for one in found.values())
        if lacks and any(one.fetch for one in rules.values()):
            with self.context.report.activity("waiting for the remote (git fetch)"):
                self.git.unshallow()
            found = self.git.states(prefixes, paths=paths)
            found = {name: msgspec.structs.replace(one, completed=True) for name, one in found.items()}
        return found

    def count_by(self, rules: Rules) -> None:
        """Count versions by ``rules`` from now on."""
        if rules != self.rules:
            self.rules = rules
            self.forget_state()

    def foresee(self, state: GitState) -> None:
        """Go by ``state``, which is not the repository's yet."""
        self.state = state

    def follow(self, before: str) -> None:
        """Take HEAD for what the event is about, in the place of ``before``: a release of ours stands on that."""
        event, here = self.context.event, self.state.commit
        if event.commit == before != here:
            self.context = msgspec.structs.replace(self.context, event=msgspec.structs.replace(event, commit=here))
            if not self.unwritten:
                self.proofs.keep("release", f"{before} {here}".encode())

    @property
    def event(self) -> Event:
        """The event, about the very commit that is checked out where a release of ours, or an annotated tag, stands
        between the two.
        """
        event, here = self.context.event, self.state.commit
        if event.commit and event.commit != here:
            ours = self.proofs.holds("release", f"{event.commit} {here}".encode())
            peeled = self.git.call("rev-parse", "--verify", "--quiet", "--end-of-options", f"{event.commit}^{{commit}}")
            if ours or peeled.text == here:
                return msgspec.structs.replace(event, commit=here)
        return event

    def forget_state(self) -> None:
        """Have the repository read again, since it has changed."""
        self.__dict__.pop("state", None)

    @property
    def layout(self) -> Path:
        """Where the image's layout is."""
        return self.context.state / "layouts" / state_folder.file_name(self.key.replace("/", "-"))

    def repository(self) -> Repository:
        """The repository to publish to; a failure that shows what to write where none is configured."""
        if self.image is None:
            raise Failure(
                "config.missing",
                "no image is configured",
                why("Its name says where to publish, and a wrong guess would publish to a wrong place."),
                fix(f"pipeline-kit.yml:  image: REGISTRY.azurecr.io/{self.context.root.name.lower()}"),
                alternative("without a registry: pipeline-kit run --local, or pipeline-kit run --until scan"),
            )
        return self.image

    def version(self) -> NextVersion:
        """What ``version`` gave."""
        if self.no_version:
            raise self.no_version
        found: NextVersion = self._need("version")
        return found

    def plan(self) -> Plan:
        """What ``tag`` gave."""
        found: Plan = self._need("tag")
        return found

    def built(self) -> Image:
        """What ``build`` gave."""
        found: Image = self._need("build")
        return msgspec.structs.replace(found, layout=str(self.layout))

    def verdict(self) -> Verdict | None:
        """What ``scan`` gave here last; None where it gave nothing, or the record's verdict is from elsewhere."""
        found: Verdict | None = self._value("scan")
        return found

    def published(self) -> Published:
        """What ``push`` gave, here or elsewhere: a digest in the repository that is configured, and in no other."""
        told: Published = self._told("push") or self._need("push")
        repository = self.repository()
        if self.local and told.repository.path == repository.path:
            return msgspec.structs.replace(told, repository=repository)  # served at another port each time
        if told.repository != repository:
            raise Failure(
                "record.repository",
                f"the record says {told.repository}, and {repository} is configured",
                why("Where an image comes from is for the configuration to say: nothing was sent to the other one."),
                alternative(f"if that is where it is: pipeline-kit deploy --image {told.repository}"),
            )
        return told

    def deployed(self) -> Deployment:
        """What ``deploy`` gave in this environment."""
        found: Deployment = self._need("deploy")
        return found

    def has(self, step: str) -> bool:
        """Whether ``step`` has given a value for this commit, here."""
        return self._value(step) is not None

    def keep(self, step: str, started: float, seconds: float, outcome: Outcome) -> None:
        """Append what ``step`` gave to the record, and write it."""
        self._append(step, started, seconds, outcome.word, outcome.detail, outcome.value)

    def keep_failure(self, step: str, started: float, seconds: float, failure: Failure) -> None:
        """Append how ``step`` failed to the record, and write it."""
        value = failure.value if isinstance(failure.value, Values) else Values()
        self._append(step, started, seconds, failure.exit.word, failure.headline, value, failure.kind)

    def keep_skipped(self, step: str, reason: str) -> None:
        """Append why ``step`` did nothing."""
        self._append(step, self.context.clock.now(), 0.0, "skipped", reason, Values())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second run out of this working tree's record and layout for as long as the block lasts."""
        with ExitStack() as stack:
            with self.writing(self.context.state):
                stack.enter_context(state_folder.held(self.context.state, self.context.root))
            if not self.answers:
                state_folder.tidy(self.context.state, self.context.clock.now())
                tree.tidy(self.context.output, unfinished=True)
            yield

    @contextmanager
    def writing(self, folder: Path) -> Iterator[None]:
        """Around what is written below ``folder``. Where it can't be, an answer alone is given all the same, with a
        warning, and nothing more is written.

        Failure: ``record.unwritten``, ``tool.disk``.
        """
        try:
            yield
        except (OSError, Failure) as error:
            notes = record.WHY_STATE if folder == self.context.state else record.WHY_WRITTEN
            failure = record.unwritten(folder, error, *notes) if isinstance(error, OSError) else error
            if self.answers and failure.kind in ("record.unwritten", "tool.disk"):
                self.unwritten = True
                self.context.report.warn(f"no record is kept: {failure.headline} (pipeline-kit plan writes nothing)")
            elif failure is error:
                raise
            else:
                raise failure from error

    def _need(self, step: str) -> Any:
        value = self._value(step)
        if value is None and self.damaged:
            raise Failure(
                self.damaged.kind,
                self.damaged.headline,
                why(f"This step takes what {step} gave, and that was in it."),
                fix(f"pipeline-kit {step}"),
            )
        if value is None and self._told(step) is not None:
            raise Failure(
                "record.elsewhere",
                f"the record's {step} was not made here",
                why("Anybody can write a record. What this job has not made itself, it makes again."),
                fix(f"pipeline-kit {step}"),
            )
        if value is None:
            raise Failure(
                "record.missing",
                f"{step} has not run for this commit",
                why("This step takes what that one gives, and the record does not have it."),
                fix(f"pipeline-kit {step}"),
            )
        return value

    def _value(self, step: str) -> Any:
        """What the step gave, in this run or earlier in this job: the record alone is no evidence."""
        entry = self._entry(step)
        if entry and (step in self.kept or self.proofs.holds(*self._mark(entry))):
            return getattr(entry.value, step)
        return None

    def _told(self, step: str) -> Any:
        """What the record says that the step gave, whoever wrote it."""
        entry = self._entry(step)
        return getattr(entry.value, step) if entry else None

    def _entry(self, step: str) -> Entry | None:
        """The step's entry of this image, or of the one that had no name yet: a build needs none."""
        keys = (self.key, self.context.root.name.lower())
        found = (self._records().find(key, step, self._environment_of(step)) for key in keys)
        return next((entry for entry in found if entry), None)

    def _mark(self, entry: Entry) -> tuple[str, bytes]:
        """What a proof of the entry goes by."""
        key = " ".join((entry.step, entry.image, entry.environment))
        return key, self.state.commit.encode() + msgspec.json.encode(entry.value)

    def _records(self) -> Record:
        if self.record is None:
            self.record = self._read()
        return self.record

    def _fresh(self) -> Record:
        return Record(
            schema=record.SCHEMA,
            commit=self.state.commit,
            run=Run(
                self.context.identity,
                __version__,
                self.context.clock.now(),
                self._event(),
                self.environment,
                self.given,
            ),
        )

    def _read(self) -> Record:
        fresh = self._fresh()
        try:
            found = record.read(self.record_path) if self.record_path.exists() else fresh
        except Failure as failure:
            self._leave(failure)
            found = fresh
        # The values of another commit say nothing about this one: they stay in git's ignore, not in this run.
        own = msgspec.structs.replace(found, run=fresh.run) if found.commit == fresh.commit else fresh
        return artifact.taken_over(own, self.context.environ.get(artifact.FOLDER, ""), self._leave)

    def _leave(self, failure: Failure) -> None:
        """Go on without the record that was found: it is evidence of nothing, and no reason to stop."""
        self.damaged = failure
        self.context.report.warn(f"{failure.headline}; what it held is not used")

    def _event(self) -> Event:
        """What started this run; on a terminal only git knows the branch."""
        event = self.context.event
        return msgspec.structs.replace(event, branch=event.branch or self.state.branch)

    def _append(
        self, step: str, started: float, seconds: float, word: str, detail: str, value: Values, failure: str = ""
    ) -> None:
        if value.build:
            value = Values(build=msgspec.structs.replace(value.build, layout=""))
        self.kept.add(step)
        entry = Entry(
            image=self.key,
            step=step,
            environment=self._environment_of(step),
            word=word,
            detail=self.context.run.secrets.text(detail),
            started=started,
            seconds=round(seconds, 3),
            failure=failure,
            value=value,
        )
        if self.unwritten:
            self.record = self._records().with_entry(entry)
            return
        with self.writing(self.record_path.parent):
            if self.sealed:
                try:
                    record.append(self.record_path, self._fresh(), entry)
                except Failure as failure:
                    if failure.kind != "record.invalid":
                        raise
                    self._leave(failure)
                    record.write(self._fresh().with_entry(entry), self.record_path)
                return
            self.record = self._records().with_entry(entry)
            self.proofs.keep(*self._mark(entry))
            record.write(self.record, self.record_path)

    def _environment_of(self, step: str) -> str:
        return self.environment if step == "deploy" else ""
