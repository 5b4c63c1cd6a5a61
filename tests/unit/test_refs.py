from __future__ import annotations

import pytest

from pipeline_kit.model.refs import branch_of, pull_request_of, tag_of


@pytest.mark.parametrize(
    ("ref", "branch", "tag", "pull_request"),
    [
        ("refs/heads/feat/a", "feat/a", "", ""),
        ("refs/heads/refs/tags/v1", "refs/tags/v1", "", ""),
        ("refs/tags/v1.5.0", "", "v1.5.0", ""),
        ("refs/pull/15/merge", "", "", "15"),
        ("refs/pull/15x/merge", "", "", ""),
        ("main", "", "", ""),
        ("", "", "", ""),
    ],
)
def test_a_ref_stands_for_one_thing(ref: str, branch: str, tag: str, pull_request: str) -> None:
    assert (branch_of(ref), tag_of(ref), pull_request_of(ref)) == (branch, tag, pull_request)
