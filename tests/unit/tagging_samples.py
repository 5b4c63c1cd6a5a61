"""Facts and rules in short, for the tests of tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure
from pipeline_kit.model.event_facts import RepositoryFacts
from pipeline_kit.tagging import request
from pipeline_kit.tagging.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline_kit.tagging.evaluate import Evaluated
    from pipeline_kit.tagging.metadata import Metadata

SHA = "9c1f2e7" + "0" * 33
COMMIT_TIME = 1_700_000_000
NOW = 1_750_000_000.5


def refusal(call: Callable[[], object]) -> Failure | None:
    """How ``call`` is refused, None if it is not."""
    try:
        call()
    except Failure as failure:
        return failure
    return None


def facts(ref: str = "refs/heads/main", **changes: object) -> Facts:
    given: dict[str, object] = {
        "event": "push",
        "ref": ref,
        "sha": SHA,
        "default_branch": "main",
        "repository": RepositoryFacts("web", "A shop", "https://github.com/contoso/web", "MIT", "main"),
        "created": COMMIT_TIME,
        "commit_time": COMMIT_TIME,
        "now": NOW,
    }
    return Facts(**(given | changes))  # type: ignore[arg-type]


def evaluated(
    rules: str, of: Facts | None = None, *, flavor: str = "", compat: bool = False, kubernetes: bool = False
) -> Evaluated:
    asked = request.parse(tags=[rules], flavor_given=[flavor], compat=compat)
    return asked.evaluated(of or facts(), kubernetes=kubernetes)


def names(
    rules: str, of: Facts | None = None, *, flavor: str = "", compat: bool = False, kubernetes: bool = False
) -> list[str]:
    return list(evaluated(rules, of, flavor=flavor, compat=compat, kubernetes=kubernetes).names)


def tag(name: str, **changes: object) -> Facts:
    return facts(f"refs/tags/{name}", **changes)


def metadata(
    labels: str = "", of: Facts | None = None, *, compat: bool = False, version: str = "1.5.0", images: str = ""
) -> Metadata:
    asked = request.parse(labels=[labels], images_given=[images], compat=compat)
    return asked.metadata(of or facts(), ["1.5.0", "latest"], version)
