"""What push and deploy do before anything leaves: the image has a verdict of this job, or gets one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.gate.authorised import Policy, authorised
from pipeline_kit.model.digest import short
from pipeline_kit.model.image import Image, Tool
from pipeline_kit.steps import scan

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline_kit.flow import Flow
    from pipeline_kit.model.digest import Digest
    from pipeline_kit.model.plan import Plan
    from pipeline_kit.model.published import Published
    from pipeline_kit.model.verdict import Verdict
    from pipeline_kit.oci.client import Registry


def cleared(flow: Flow, digest: Digest, image: Callable[[], Image], kind: str) -> Verdict:
    """The verdict by which ``digest`` may go on. ``image`` brings its layout, where it has to be scanned for that."""
    options = flow.scan_options()
    settings = scan.settings_of(flow, options)

    def again(reason: str) -> Verdict:
        flow.context.report.warn(f"{short(digest)} is scanned before it goes on: {reason}")
        return _scanned(flow, image(), options)

    policy = Policy(settings.policy_digest, settings.max_data_age)
    return authorised(digest, flow.verdict(), policy, flow.context.clock.now(), again, kind)


def _scanned(flow: Flow, image: Image, options: dict[str, object]) -> Verdict:
    """The verdict of a scan now, which the record has as that of the step."""
    clock = flow.context.clock
    started, since = clock.now(), clock.monotonic()
    try:
        outcome = scan.judged(flow, image, **options)
    except Failure as failure:
        flow.keep_failure("scan", started, clock.monotonic() - since, failure)
        failure.value = None
        raise
    flow.keep("scan", started, clock.monotonic() - since, outcome)
    found = outcome.value.scan
    assert found is not None  # noqa: S101 - a scan that passes has a verdict
    return found


def taken_over(flow: Flow, published: Published) -> Image:
    """The published image, pulled by its digest from the configured repository, hashed as it comes.

    Failure ``deploy.revision`` where it says itself that it was built from another commit.
    """
    from pipeline_kit.oci.connect import READ, connect
    from pipeline_kit.oci.credentials import TARGET_SOURCES, find
    from pipeline_kit.oci.pull import pull

    repository, plan = published.repository, flow.plan()
    registry = connect(repository, find(repository, flow.context, TARGET_SOURCES), flow.context, actions=READ)
    _refuse_other_revision(registry, published, plan)
    folder = flow.context.state / "published" / flow.layout.name
    with flow.context.report.activity("take over the published image") as activity:
        layout = pull(registry, published.digest, folder, activity=activity)
    engine = Tool("registry", repository.registry)
    return Image(layout.root.digest, layout.platforms, plan.commit, engine, str(folder), adopted=True)


def _refuse_other_revision(registry: Registry, published: Published, plan: Plan) -> None:
    from pipeline_kit.oci.labels import REVISION, label_of

    told = label_of(registry, published.digest, REVISION)
    if told and told != plan.labels.get(REVISION, plan.commit):
        raise Failure(
            "deploy.revision",
            f"{published.reference.short} was built from {told[:12]}, and {plan.commit[:12]} is checked out",
            why("The record is from elsewhere, and the image says of itself what it was built from."),
            alternative("check out that commit to deploy it, or push this one first"),
        )
