"""What ``checkout: self`` does: a clone of the job's own, as deep as it says, with tags if it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline_kit.process import Command, Runner
from tests.world.azure_pipelines.values import to_text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.azure_pipelines.agent import Agent


def check_out(agent: Agent, folder: Path, step: dict[str, Any]) -> None:
    """Fetch the source's branches into ``folder`` and check out its commit, detached. The remote is the source's own;
    a source that has no commit leaves the folder empty. A new pipeline fetches one commit and no tags.
    """

    def git(*arguments: str, where: Path = folder) -> str:
        argv = ("git", "-c", "protocol.file.allow=always", *arguments)
        return Runner(agent.environ).run(Command(argv=argv, cwd=where)).checked().text.strip()

    if not git("for-each-ref", "--count=1", where=agent.source):
        return
    commit = git("rev-parse", "HEAD", where=agent.source)
    depth = to_text(step.get("fetchDepth", 1))
    tags = "--tags" if to_text(step.get("fetchTags")).lower() == "true" else "--no-tags"
    git("init", "--quiet", "--initial-branch=main")
    remotes = git("remote", where=agent.source).split()
    origin = git("config", "remote.origin.url", where=agent.source) if "origin" in remotes else agent.source.as_uri()
    git("remote", "add", "origin", origin)
    deep = () if depth == "0" else (f"--depth={depth}",)
    git("fetch", "--quiet", *deep, tags, agent.source.as_uri(), "+refs/heads/*:refs/remotes/origin/*", commit)
    git("checkout", "--quiet", "--detach", commit)
