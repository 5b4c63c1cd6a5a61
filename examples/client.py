"""The pipeline as a program of your own: version, tags, build, scan, and a push of what passed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.context import Context
from pipeline_kit.git import Git
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.model.reference import Repository
from pipeline_kit.oci.labels import REVISION, VERSION
from pipeline_kit.process import Runner
from pipeline_kit.scanners.settings import ScanSettings
from pipeline_kit.steps.build import build, request
from pipeline_kit.steps.push import push
from pipeline_kit.steps.scan import scan
from pipeline_kit.tagging.plan import default_tags, plan
from pipeline_kit.versioning.next import next_version

if TYPE_CHECKING:
    from pipeline_kit.model.published import Published


def publish(root: Path, state: Path, repository: Repository, settings: ScanSettings) -> Published:
    """The image of the commit at ``root``, published to ``repository``; ``state`` is a folder outside of the tree."""
    event, run = Event("local"), Runner(os.environ)
    context = Context(
        root=root,
        state=state,
        output=root / ".pipeline-kit",
        environ=os.environ,
        run=run,
        event=event,
        identity=RunIdentity("local"),
    )
    git = Git(root, run, os.environ)
    commit = git.state()
    named = next_version(commit, event)
    labels = {VERSION: named.version, REVISION: commit.commit}  # by these a tag that moves is never moved back
    planned = plan(commit, event, named, default_tags(commit, event, named), version=named.version, labels=labels)
    image = build(request(planned, root, args=(("VERSION", "{version}"),)), planned, context, state / "layout")
    verdict = scan(image, context, scanner="trivy", settings=settings)
    return push(image, planned, verdict, repository, context, git)  # refuses what did not pass


if __name__ == "__main__":
    home = Path.home() / ".cache" / "my-pipeline"
    published = publish(Path.cwd(), home, Repository.parse(sys.argv[1]), ScanSettings(cache=home / "trivy"))
    sys.stdout.write(f"{published.reference}\n")
