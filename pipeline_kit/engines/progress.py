"""What an engine says while it builds: every line to the log and the CI's group, the current step to the live line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline_kit.context import Activity, Context
    from pipeline_kit.process import Command, Completed

# "#9 [runtime 2/6] RUN make" of BuildKit and "[2/2] STEP 2/6: RUN make" of Buildah; then what both do at the end.
_STEPS = (
    re.compile(r"#\d+ (?P<what>\[(?:[^\]]* )?(?P<done>\d+)/(?P<total>\d+)\] .+)"),
    re.compile(r"(?P<what>(?:\[\d+/\d+\] )?STEP (?P<done>\d+)/(?P<total>\d+): .+)"),
    re.compile(r"#\d+ (?P<what>exporting to .+|\[internal\] load build context)"),
)


def follow(command: Command, context: Context, title: str) -> Completed:
    """Run ``command`` and tell what it does; its exit code is the caller's to judge."""
    with context.report.activity(title) as activity, context.report.tool_output(title) as show:

        def hear(line: str) -> None:
            show(line)
            tell(line, activity)

        return context.run.run(command, hear)


def tell(line: str, activity: Activity) -> None:
    """Show the step that ``line`` announces; nothing for any other line."""
    for pattern in _STEPS:
        if found := pattern.match(line):
            parts = found.groupdict()
            activity.update(parts["what"], int(parts.get("done") or 0), int(parts.get("total") or 0))
            return
