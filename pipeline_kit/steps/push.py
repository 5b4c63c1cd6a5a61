"""``push``: the scanned bytes into the registry, then the tags, each read back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.flow import Flow, Outcome, Skip
from pipeline_kit.gate.authorised import refuse_unscanned
from pipeline_kit.model.digest import short
from pipeline_kit.model.published import Published, published_outputs
from pipeline_kit.record import Values
from pipeline_kit.steps.command import step

if TYPE_CHECKING:
    from pipeline_kit.context import Context
    from pipeline_kit.git import Git
    from pipeline_kit.model.image import Image
    from pipeline_kit.model.plan import Plan, Tag
    from pipeline_kit.model.reference import Repository
    from pipeline_kit.model.verdict import Verdict
    from pipeline_kit.oci.client import HeldManifest, Registry

# A cut between two tags leaves the narrow ones right: latest is the last to move.
_TAG_ORDER = ("version", "commit", "branch", "moving")


def push(image: Image, plan: Plan, verdict: Verdict, repository: Repository, context: Context, git: Git) -> Published:
    """Publish ``image``, every blob hashed again on its way, under the tags of ``plan``.

    Failure: ``push.unscanned`` for an image that did not pass; ``push.taken`` if a version's tag names another image;
    ``registry.*`` where the registry is to blame.
    """
    from pipeline_kit.oci.connect import connect
    from pipeline_kit.oci.credentials import TARGET_SOURCES, find
    from pipeline_kit.oci.mounts import Mounts
    from pipeline_kit.oci.patience import SHORT
    from pipeline_kit.oci.transfer import publish, stage

    refuse_unscanned(image.digest, verdict, "push.unscanned")
    credential = find(repository, context, TARGET_SOURCES)
    registry = connect(repository, credential, context)
    if (
        context.event.kind == "schedule"
        and plan.tags
        and all(registry.head_manifest(tag.name) == image.digest for tag in plan.tags)
    ):
        names = " ".join(tag.name for tag in plan.tags)
        raise Skip(
            f"nothing changed: {short(image.digest)} is published as {names}",
            published_outputs(repository, image.digest),
        )
    with context.report.activity("send blobs") as activity:
        registry.transport.tell = activity.update

        def reading(sources: tuple[str, ...]) -> Registry:
            return connect(repository, credential, context, mount_from=sources, seconds=SHORT)

        mounts = Mounts(repository, context.memory, reading)
        sent = stage(Path(image.layout), image, registry, activity=activity, mounts=mounts)
        ordered = sorted(plan.tags, key=lambda tag: _TAG_ORDER.index(tag.kind))
        tags = publish(registry, image.digest, tuple(ordered), partial(_stays, registry, plan, git))
    return Published(
        digest=image.digest,
        repository=repository,
        tags=tags,
        blobs=sent.blobs,
        sent=sent.sent,
        bytes_sent=sent.bytes_sent,
    )


def _would(flow: Flow) -> str:
    """What a dry run says."""
    plan = flow.plan()
    if not plan.publishes:
        raise Skip(_reason(flow, plan))
    where = f"the local registry, {flow.key}" if flow.local else str(flow.repository())
    names = " ".join(tag.name for tag in plan.tags)
    return f"publish to {where} as {names}; a tag that moves only moves forwards"


@step(
    "push",
    examples="""\
  pipeline-kit push
  reference=$(pipeline-kit push --image contosoreg.azurecr.io/shop/web)""",
    would=_would,
)
def command(flow: Flow) -> Outcome:
    """Publish the scanned bytes, hashed again, then the tags: the version's own never moves, 1.5, 1, latest and
    staging only move to a higher version. What was published is read back.
    """
    plan = flow.plan()
    if not plan.publishes:
        raise Skip(_reason(flow, plan))
    from pipeline_kit.steps.clearance import cleared

    image, repository = flow.built(), flow.repository()
    verdict = cleared(flow, image.digest, lambda: image, "push.unscanned")
    published = push(image, plan, verdict, repository, flow.context, flow.git)
    reference = str(published.reference)
    stayed = [f"{tag.name} stays: {tag.kept}" for tag in published.tags if tag.kept]
    detail = "; ".join([f"{repository}, {published.sent} of {published.blobs} blobs", *stayed])
    return Outcome(Values(push=published), short(published.digest), detail, reference, published.outputs)


def _reason(flow: Flow, plan: Plan) -> str:
    if flow.context.event.kind != "pull_request":
        return f"nothing is published: {plan.reason}"
    count = f"{len(plan.tags)} tag{'' if len(plan.tags) == 1 else 's'}"
    return f"{plan.reason}; {flow.context.event.base or 'main'} would publish {count}"


def _stays(registry: Registry, plan: Plan, git: Git, tag: Tag, held: HeldManifest) -> str:
    """Why a tag must not move from the image ``held``: that one is newer. '' if it may."""
    from pipeline_kit.oci.labels import REVISION, VERSION, labels
    from pipeline_kit.tagging import versions

    if tag.kind not in ("moving", "branch"):
        return ""
    told = labels(registry, held)
    # The rules may have put a prefix or suffix around the version that the label tells.
    before, _, after = plan.labels.get(VERSION, plan.version).partition(plan.version)
    theirs = told.get(VERSION, "").removeprefix(before).removesuffix(after)
    moving = tag.kind == "moving"
    if moving and (order := versions.ordered(theirs, plan.version)):
        return f"{theirs} is newer" if order > 0 else ""
    # A branch, or versions that tell nothing apart: then the history does.
    revision = told.get(REVISION, "")
    if revision == plan.commit:
        return ""
    if revision and git.is_ancestor(plan.commit, revision):
        return f"{revision[:7]} is newer"
    if moving and (versions.compared(theirs, plan.version) or 0) > 0 and not git.has(revision):
        return f"{theirs} is higher, and its commit is not in this clone"
    return ""
