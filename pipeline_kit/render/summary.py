"""The page about a run that a CI shows: Markdown from the record, the same on GitHub and on Azure Pipelines.

User text is escaped; digest, tag and repository stand apart, so that a mask over one leaves the others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit.ci.summary import inert_text
from pipeline_kit.model.digest import short
from pipeline_kit.render.lines import is_short_digest
from pipeline_kit.steps import BESIDE, ORDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline_kit.model.event import RunIdentity
    from pipeline_kit.model.published import Published
    from pipeline_kit.model.verdict import Finding, Verdict
    from pipeline_kit.record import Entry, Record, Setting

_MOST_ROWS = 50
# A release is made before anything is built.
_SHOWN = (*BESIDE, *ORDER)


def summary(record: Record, image: str, failure: str = "", artifact: str = "") -> str:
    """The page for one image of the record; ``failure`` is the block of what stopped the run, as in the terminal, and
    ``artifact`` the name under which the record is kept.
    """
    entries = [entry for entry in record.entries if entry.image == image]
    entries.sort(key=lambda entry: _SHOWN.index(entry.step) if entry.step in _SHOWN else len(_SHOWN))
    parts = [f"### {inert_text(_outcome(image, entries))}", *_reference(record, entries), _fenced(failure)]
    parts.append(_steps(entries))
    for entry in entries:
        if entry.value.push:
            parts.append(_tags(entry.value.push))
        if entry.value.scan:
            parts += _findings(entry.value.scan)
        if entry.value.tag and entry.value.tag.changes:
            parts.append(_changes(entry.value.tag.changes))
    parts += [_configuration(record.run.settings), _again(record.run.identity, artifact)]
    return "\n\n".join(part for part in parts if part) + "\n"


def details(title: str, body: str) -> str:
    """A folded part."""
    return f"<details><summary>{inert_text(title)}</summary>\n\n{body}\n\n</details>"


def rows(columns: Sequence[str], body: Iterable[Sequence[str]], aligned: str = "") -> str:
    """A table; ``aligned`` has ``r`` for each column to align right. The cells are Markdown already."""
    marks = [" --: " if aligned[index : index + 1] == "r" else " :-- " for index in range(len(columns))]
    lines = [" | ".join(columns), "|".join(marks).strip(), *(" | ".join(row) for row in body)]
    return "\n".join(f"| {line} |" for line in lines)


def _fenced(text: str) -> str:
    """``text`` as it is; the fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}" if text else ""


def _outcome(image: str, entries: list[Entry]) -> str:
    version = next((entry.value.version.version for entry in entries if entry.value.version), "")
    name = f"{image} {version}".strip()
    failed = next((entry for entry in entries if entry.failure), None)
    done = {entry.step for entry in entries if not entry.failure and entry.word != "skipped"}
    if failed:
        return _failed(name, failed, done)
    if "deploy" in done:
        environment = next(entry.environment for entry in entries if entry.step == "deploy")
        return f"{name} is published and serves{f' in {environment}' if environment else ''}"
    if "push" in done:
        return f"{name} is published"
    return f"{name} passed the scan; nothing was published" if "scan" in done else f"{name}: nothing was published"


def _failed(name: str, failed: Entry, done: set[str]) -> str:
    published = "it is published and serves nowhere" if "push" in done else "nothing was published"
    return {
        "refused": f"{name} was refused by the {failed.step}; {published}",
        "unknown": f"{name} could not be judged; {published}",
        "rolled back": f"{name} did not become healthy; what served before serves again",
    }.get(failed.word, f"{name} failed in {failed.step}; {published}")


def _reference(record: Record, entries: list[Entry]) -> list[str]:
    published = next((entry.value.push for entry in entries if entry.value.push), None)
    deployment = next((entry.value.deploy for entry in entries if entry.value.deploy), None)
    where = f"{_address(deployment.url)} · " if deployment and deployment.url else ""
    facts = f"{where}commit {inert_text(record.commit[:7])}"
    return [f"`{published.reference}`  \n{facts}"] if published else [facts]


def _steps(entries: list[Entry]) -> str:
    known = {entry.step: entry for entry in entries}
    last = max((_SHOWN.index(step) for step in known if step in _SHOWN), default=-1)
    body = []
    for step in _SHOWN:
        if entry := known.get(step):
            body.append((step, _word(entry), inert_text(entry.detail), f"{entry.seconds:.1f} s"))
        elif _SHOWN.index(step) > last and any(one.failure for one in entries):
            body.append((step, "not run", "", ""))
    return rows(("step", "result", "evidence", "time"), body, "lllr")


def _address(url: str) -> str:
    """The service's own address, the one thing that can be clicked."""
    return f"<{url}>" if re.fullmatch(r"https?://[A-Za-z0-9.:/_-]+", url) else inert_text(url)


def _word(entry: Entry) -> str:
    word = inert_text(entry.word)
    if is_short_digest(entry.word):
        return f"`{entry.word}`"
    return f"**{word}**" if entry.failure or entry.step in ("version", "scan", "deploy") else word


def _tags(published: Published) -> str:
    new = sum(1 for tag in published.tags if not tag.was and not tag.kept)
    moved = sum(1 for tag in published.tags if tag.was and tag.was != published.digest and not tag.kept)
    body = [
        (
            inert_text(tag.name),
            f"`{short(tag.was)}`" if tag.was else "",
            inert_text(tag.kept) if tag.kept else f"`{short(published.digest)}`",
        )
        for tag in published.tags
    ]
    return details(f"Tags: {new} new, {moved} moved", rows(("tag", "was", "is"), body))


def _findings(verdict: Verdict) -> list[str]:
    parts = []
    stops = set(verdict.stops)
    others = [finding for scan in verdict.scans for finding in scan.findings if finding not in stops]
    if stops:
        parts.append(_finding_rows(verdict.stops))
    if others:
        title = f"Findings that do not stop: {len(others)}"
        note = f"\n\n{len(others) - _MOST_ROWS} more are in the scan's report." if len(others) > _MOST_ROWS else ""
        parts.append(details(title, _finding_rows(others) + note))
    return parts


def _finding_rows(findings: Sequence[Finding]) -> str:
    body = [
        tuple(map(inert_text, (one.severity.name, one.id, one.package, one.installed, one.fixed)))
        for one in sorted(findings, key=lambda one: -one.severity)[:_MOST_ROWS]
    ]
    return rows(("severity", "finding", "package", "installed", "fixed in"), body)


def _changes(changes: tuple[str, ...]) -> str:
    body = "\n".join(f"- {inert_text(subject)}" for subject in changes[:_MOST_ROWS])
    return details(f"Changes since the last release: {len(changes)} commit{'' if len(changes) == 1 else 's'}", body)


def _configuration(settings: tuple[Setting, ...]) -> str:
    if not settings:
        return ""
    body = [tuple(map(inert_text, (one.key, one.value, one.origin))) for one in settings]
    count = f"{len(settings)} key{'' if len(settings) == 1 else 's'} set"
    return details(f"Configuration: {count}, each with its origin", rows(("key", "value", "from"), body))


def _again(identity: RunIdentity, artifact: str) -> str:
    """How to have the record here, and run it again."""
    fetch = {
        "github": f"gh run download {identity.id} --name {artifact} --dir record",
        "azure_devops": f"az pipelines runs artifact download --run-id {identity.id} "
        f"--artifact-name {artifact} --path record",
    }.get(identity.ci, "")
    if not (fetch and identity.id.isalnum() and artifact):
        return ""
    return details("Run it again here", f"```sh\n{fetch}\npipeline-kit replay record\n```")
