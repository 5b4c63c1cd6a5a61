"""Trivy: one platform at a time, from a layout, with a database of ours.

Its exit code says nothing (a broken scan and one with findings look alike), so it is never asked to judge: it runs to
report, and a scan that did not is a doubt. It runs in an empty folder, with an empty home and without any variable of
its own, so that nothing that lies in the repository or on the machine changes what it sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.errors import Failure, alternative, printable, quote, why
from pipeline_kit.memory import hash_of, of_file
from pipeline_kit.model.image import Tool
from pipeline_kit.model.verdict import PlatformScan
from pipeline_kit.process import Command
from pipeline_kit.scanners.trivy_data import QUIET, held
from pipeline_kit.scanners.trivy_evidence import MOST_WARNINGS, is_warning, judged
from pipeline_kit.scanners.trivy_report import decode
from pipeline_kit.scanners.trivy_scratch import LARGEST_REPORT, Scratch
from pipeline_kit.scratch import scratch as scratch_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.model.image import PlatformImage
    from pipeline_kit.model.verdict import ScannerData
    from pipeline_kit.scanners.settings import ScanSettings
    from pipeline_kit.scanners.trivy_report import Report

NAME = "Trivy"
# Trivy stops itself first, and says on what.
_MORE_PATIENCE = 20


class _RootFS(msgspec.Struct):
    diff_ids: list[str] = []


class _Config(msgspec.Struct):
    rootfs: _RootFS


def find(context: Context) -> Tool:
    """The Trivy on PATH. A missing one is the failure ``scan.missing``: nobody can tell then."""
    program = context.run.find("trivy")
    if program is None:
        raise Failure(
            "scan.missing",
            "cannot tell: trivy is not installed",
            why("It was looked for in the folders of PATH. A scan that can't be made counts as a no."),
            alternative("Install Trivy (https://trivy.dev), or run where it is installed."),
        )
    version = of_file(program, context.memory, "version", lambda: _version(program, context))
    return Tool(NAME, version, hash_of(program, context.memory))


def _nothing() -> None:
    return None


def scan(
    view: Path,
    image: PlatformImage,
    settings: ScanSettings,
    context: Context,
    log: Path,
    report: Path,
    *,
    check: Callable[[], None] = _nothing,
) -> tuple[PlatformScan, ScannerData]:
    """Scan ``image``, the only manifest of the OCI layout ``view``, whose blobs have been hashed.

    ``log`` gets Trivy's own words, ``report`` its JSON report. ``check`` is called once Trivy has read the image,
    before its answer is used or remembered. Without usable data: the failure ``scan.data``.
    """
    _check_pin(find(context), settings)
    with held(settings, context, log) as database:
        answer = _answer(view, image, settings, context, log, report, database.buckets, check)
    # Only a scan tells that there are jars; their index is large and is brought when it is missed.
    if _misses_java_index(answer):
        if settings.offline:
            return _doubtful(image, "there are jars, and no index that says what they are"), database.data
        with held(settings, context, log, java=True) as database:
            answer = _answer(view, image, settings, context, log, report, database.buckets, check)
    return answer, database.data


def _version(program: Path, context: Context) -> str:
    with scratch_folder(context.state) as empty:
        command = Command(
            argv=(str(program), "version", "--format", "json", "--cache-dir", str(empty)),
            cwd=empty,
            extra={"HOME": str(empty), **QUIET},
            timeout=60,
        )
        answer = context.run.run(command).checked().text
    try:
        return str(msgspec.json.decode(answer)["Version"])
    except (msgspec.MsgspecError, KeyError, TypeError):
        raise Failure("tool.broke", f"{program} does not say which Trivy it is", evidence=quote(answer)) from None


def _check_pin(tool: Tool, settings: ScanSettings) -> None:
    if settings.tool_sha256 and settings.tool_sha256 != tool.sha256:
        raise Failure(
            "tool.changed",
            f"trivy {tool.version} is not the pinned program",
            why(f"The pin is sha256 {settings.tool_sha256}, and the trivy on PATH has {tool.sha256}."),
        )


def _misses_java_index(answer: PlatformScan) -> bool:
    return any("Java DB" in doubt for doubt in answer.doubts)


def _answer(
    view: Path,
    image: PlatformImage,
    settings: ScanSettings,
    context: Context,
    log: Path,
    report: Path,
    buckets: frozenset[str],
    check: Callable[[], None],
) -> PlatformScan:
    warnings: list[str] = []
    with scratch_folder(settings.cache) as folder:
        scratch = Scratch.made(folder, view, settings.cache)
        try:
            if broke := _run(scratch, settings, context, log, warnings):
                return _doubtful(image, broke)
            # Ours alone as long as it is in the scratch folder; where it is kept another scan may write too.
            read = _decoded(scratch.report)
        finally:
            scratch.keep_report(report, context)
        check()
        if isinstance(read, str):
            return _doubtful(image, f"Trivy's report can't be read\n{read}")
        answer = judged(read, image, _diff_ids(view, image), buckets, warnings, settings.allow_no_os)
        # Warnings come when a layer is read, and not again when it is remembered.
        if not answer.doubts and not warnings:
            scratch.remember_layers()
        return answer


def _run(scratch: Scratch, settings: ScanSettings, context: Context, log: Path, warnings: list[str]) -> str:
    """Let Trivy write its report; '' if it did, else what went wrong and its last words."""
    with context.report.tool_output("trivy") as show:

        def listen(line: str) -> None:
            show(line)
            if is_warning(line) and len(warnings) <= MOST_WARNINGS:
                warnings.append(line)

        try:
            ended = context.run.run(_command(scratch, settings, log), listen)
        except Failure as failure:
            if failure.kind != "tool.timeout":
                raise
            return failure.headline
    if ended.code == 0:
        return ""
    how = f"was killed by signal {-ended.code}" if ended.code < 0 else f"ended with exit code {ended.code}"
    return "\n".join([f"trivy {how}", *(warnings or ended.output.splitlines())[-3:]])


def _command(scratch: Scratch, settings: ScanSettings, log: Path) -> Command:
    home = str(scratch.home)
    return Command(
        argv=(
            *("trivy", "image", "--input", "../view", "--format", "json", "--output", str(scratch.report)),
            *("--scanners", "vuln", "--list-all-pkgs", "--cache-dir", str(scratch.cache)),
            *("--skip-db-update", "--skip-java-db-update", "--offline-scan"),
            *("--config", "", "--ignorefile", "", "--module-dir", home, "--no-progress"),
            *("--timeout", f"{settings.timeout}s"),
        ),
        cwd=scratch.empty,
        extra={
            **dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), home),
            "TMPDIR": str(scratch.temporary),
            **QUIET,
        },
        log=log,
        timeout=settings.timeout + _MORE_PATIENCE,
    )


def _decoded(report: Path) -> Report | str:
    """What Trivy wrote, or why it can't be read."""
    try:
        if report.stat().st_size > LARGEST_REPORT:
            return f"it is larger than {LARGEST_REPORT} bytes"
        return decode(report.read_bytes())
    except (OSError, ValueError) as error:
        return printable(str(error))


def _diff_ids(view: Path, image: PlatformImage) -> list[str]:
    """What the layers unpack to, as the image's config has it; empty if the view has no such image."""
    blob = view / "blobs" / "sha256" / image.config.removeprefix("sha256:")
    return msgspec.json.decode(blob.read_bytes(), type=_Config).rootfs.diff_ids if blob.exists() else []


def _doubtful(image: PlatformImage, doubt: str) -> PlatformScan:
    return PlatformScan(image.platform, image.manifest, image.config, packages=0, doubts=(doubt,))
