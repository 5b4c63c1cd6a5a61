"""``pipeline-kit explain``: what a failure means, offline."""

from __future__ import annotations

import difflib
import textwrap

import click

from pipeline_kit.catalogue import KINDS
from pipeline_kit.errors import Failure, why


@click.command("explain", epilog="\b\nExamples:\n  pipeline-kit explain scan.refused\n  pipeline-kit explain")
@click.argument("kind", metavar="ID", required=False)
def command(kind: str | None) -> None:
    """What the failure with this ID means and the ways out; without an ID, the list of all."""
    if kind is None:
        width = max(map(len, KINDS))
        for name, entry in sorted(KINDS.items()):
            click.echo(f"{name:<{width}}  {entry.exit:>3}  {entry.title}")
        return
    if kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, 3, 0.4)
        hint = f"Did you mean {' or '.join(near)}?" if near else "pipeline-kit explain lists them all."
        raise Failure("config.usage", f"there is no failure {kind}", why(hint))
    click.echo(explanation(kind))


def explanation(kind: str) -> str:
    """The text for a terminal, 80 characters wide."""
    entry = KINDS[kind]
    paragraphs = [textwrap.fill(" ".join(part.split()), 80) for part in entry.text.split("\n\n")]
    return "\n\n".join([f"{kind}: {entry.title} (exit {int(entry.exit)})", *paragraphs])
