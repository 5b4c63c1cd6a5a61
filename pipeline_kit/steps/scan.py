"""``scan``: what is known to be vulnerable in the built image, and whether it may go on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from pipeline_kit.errors import Failure, alternative, log, why
from pipeline_kit.flow import Flow, Outcome
from pipeline_kit.record import Values
from pipeline_kit.scratch import scratch
from pipeline_kit.steps.command import WholeNumber, step

if TYPE_CHECKING:
    from pipeline_kit.context import Context
    from pipeline_kit.model.image import Image, PlatformImage
    from pipeline_kit.model.verdict import PlatformScan, ScannerData, Verdict
    from pipeline_kit.oci.pin import Pin
    from pipeline_kit.oci.verify import Verified
    from pipeline_kit.scanners import Scanner
    from pipeline_kit.scanners.settings import ScanSettings

_REPORT = "scan.sarif"
_SEVERITIES = ("UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL")


def scan(image: Image, context: Context, *, scanner: str, settings: ScanSettings) -> Verdict:
    """Hash every blob of ``image``, then judge it platform by platform; the worst decides.

    The verdict may be a no: ``outcome`` says. Failure: ``layout.*`` for an image that was tampered with,
    ``scan.missing`` and ``scan.data`` where no scanner or no data is to be had.
    """
    from pipeline_kit.oci.pin import Pin
    from pipeline_kit.oci.verify import verify
    from pipeline_kit.scanners import SCANNERS, policy

    chosen = SCANNERS[scanner]
    tool = chosen.find(context)
    with context.report.activity("hash the layout") as activity:
        try:
            verified = verify(Path(image.layout), image.digest, progress=activity, memory=context.memory)
        except Failure as failure:
            raise failure.extended(log(f"the layout is kept as {_set_aside(Path(image.layout))}")) from None
    image = replace(image, platforms=verified.platforms)
    prepare(settings.cache)
    with Pin(Path(image.layout), verified.files) as pin:
        scans, data = _all_platforms(chosen, image, settings, context, pin)
        pin.check()
    scans = [_with_history(found, platform, verified) for found, platform in zip(scans, image.platforms, strict=True)]
    return policy.judge(image.digest, scans, data, settings, tool, context.clock.now())


def prepare(cache: Path) -> None:
    """Make the folder for the scanner's data. Failure: ``tool.file`` where there can be none."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise Failure(
            "tool.file",
            f"scan.cache can't be {cache}: {error.strerror}",
            why("The scanner's data and what it has read before are kept there."),
            alternative("pipeline-kit scan --cache FOLDER, one that can be made or written"),
        ) from error


def _with_history(found: PlatformScan, platform: PlatformImage, verified: Verified) -> PlatformScan:
    """The scan with what makes the package database doubtful that the scanner read."""
    from pipeline_kit.scanners import package_history

    doubts = package_history.doubts(verified.layers[layer] for layer in platform.layers)
    return replace(found, doubts=(*found.doubts, *doubts))


def _set_aside(layout: Path) -> Path:
    """Move a damaged layout away: the next build takes over what an earlier one left, and must not take this."""
    from pipeline_kit.oci import layout_folder

    aside = layout_folder.aside(layout)
    shutil.rmtree(aside, ignore_errors=True)
    layout.rename(aside)
    return aside


def _all_platforms(
    scanner: Scanner, image: Image, settings: ScanSettings, context: Context, pin: Pin
) -> tuple[list[PlatformScan], ScannerData]:
    from pipeline_kit.oci.view import view

    scans: list[PlatformScan] = []
    log_file = context.log("scan")
    with (
        scratch(settings.cache) as views,
        context.report.activity(f"{scanner.NAME} reads the image") as activity,
    ):
        for number, platform in enumerate(image.platforms):
            activity.update(f"{scanner.NAME} reads {platform.platform}", number, len(image.platforms))
            report = context.output / "reports" / f"scan-{str(platform.platform).replace('/', '-')}.json"
            folder = view(Path(image.layout), platform, views / str(number), blobs=pin.blobs)
            found, data = scanner.scan(folder, platform, settings, context, log_file, report, check=pin.check)
            scans.append(found)
    return scans, data


def _would(flow: Flow, **options: Any) -> str:
    """What a dry run says."""
    settings = settings_of(flow, options)
    return f"judge it with {options['scanner']}: stop on {settings.rule}; data at most {settings.max_data_age} days old"


@step(
    "scan",
    click.option("--scanner", type=click.Choice(["trivy"]), default="trivy", show_default=True, help="What looks."),
    click.option(
        "--fail-on",
        type=click.Choice(_SEVERITIES),
        default="HIGH",
        show_default=True,
        help="The lowest severity that stops an image.",
    ),
    click.option(
        "--unfixed/--no-unfixed",
        default=False,
        show_default=True,
        help="Whether a finding without a fix stops it too.",
    ),
    click.option(
        "--unrated/--no-unrated",
        default=False,
        show_default=True,
        help="Whether a finding that nobody has rated yet stops it too.",
    ),
    click.option(
        "--allow-no-os",
        default="",
        metavar="REASON",
        help="Why this image has no operating system, such as one static program; without a reason it can't be judged.",
    ),
    click.option(
        "--max-data-age",
        type=WholeNumber(0, 3650),
        default=5,
        show_default=True,
        metavar="DAYS",
        help="How old the scanner's data may be.",
    ),
    click.option(
        "--database",
        default="",
        metavar="REFERENCE",
        help="Where the scanner's data comes from: a mirror, or 'offline'.  [default: the scanner's own]",
    ),
    click.option(
        "--java-database",
        default="",
        metavar="REFERENCE",
        help="Where the index of Java archives comes from.  [default: the scanner's own]",
    ),
    click.option("--cache", default="", metavar="DIR", help="Where the data is kept.  [default: the user's cache]"),
    click.option(
        "--timeout",
        type=WholeNumber(1, 86400),
        default=600,
        show_default=True,
        metavar="SECONDS",
        help="How long the scan of one platform may take.",
    ),
    click.option(
        "--tool-sha256", default="", metavar="HEX", help="The scanner's program must have this hash.  [default: any]"
    ),
    examples="""\
  pipeline-kit scan
  pipeline-kit scan --fail-on CRITICAL --format json
  pipeline-kit scan --database offline --cache DIR""",
    would=_would,
)
def command(flow: Flow, **options: Any) -> Outcome:
    """Judge the built image: pass (0), refused (2), or cannot tell (3), which counts as no. Every finding goes into
    .pipeline-kit/scan.sarif.
    """
    return judged(flow, flow.built(), **options)


def judged(flow: Flow, image: Image, **options: Any) -> Outcome:
    """The outcome for ``image``, with its report; the failure ``scan.*`` where it is a no."""
    from pipeline_kit.scanners import refusal, sarif

    settings = settings_of(flow, options)
    verdict = scan(image, flow.context, scanner=options["scanner"], settings=settings)
    report = flow.context.output / _REPORT
    flow.context.keep(report, sarif.encoded(verdict))
    for note in verdict.notes:
        flow.context.report.warn(note)
    value = Values(scan=verdict)
    if verdict.outcome != "pass":
        failure = refusal.refusal(verdict, settings, str(report.relative_to(flow.context.root)))
        failure = failure if verdict.outcome == "refused" else refusal.unknown(verdict)
        failure.value = value
        raise failure
    return Outcome(value, "pass", _detail(verdict, flow.context.clock.now()), "pass", {"verdict": "pass"})


def _detail(verdict: Verdict, now: float) -> str:
    version = ".".join(verdict.scanner.version.split(".")[:2])
    hours = max(0, round((now - verdict.data_time) / 3600))
    age = f"{hours} h" if hours < 48 else f"{hours // 24} days"
    packages = f"{verdict.packages} package{'' if verdict.packages == 1 else 's'}"
    return f"{verdict.scanner.name} {version}, data {age} old, {packages}, 0 stop"


def settings_of(flow: Flow, options: dict[str, Any]) -> ScanSettings:
    """The options of the step as the scanner and the policy take them."""
    from pipeline_kit.model.verdict import Severity
    from pipeline_kit.scanners.settings import ScanSettings

    given = options["cache"]
    cache = (flow.context.root / given) if given else flow.context.state.parent / options["scanner"]
    return ScanSettings(
        cache=cache,
        fail_on=Severity[options["fail_on"]],
        fixable_only=not options["unfixed"],
        stop_unrated=options["unrated"],
        allow_no_os=options["allow_no_os"],
        max_data_age=options["max_data_age"],
        database=options["database"],
        java_database=options["java_database"],
        timeout=options["timeout"],
        tool_sha256=options["tool_sha256"],
    )
