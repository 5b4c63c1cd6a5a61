"""The page that a CI shows: the outcome first, the table, the rest folded; user text can't break out."""

from markdown_it import MarkdownIt
from syrupy.assertion import SnapshotAssertion

from pipeline_kit.model.deployment import Deployment
from pipeline_kit.model.event import RunIdentity
from pipeline_kit.model.image import Image, PlatformImage, Tool
from pipeline_kit.model.plan import Plan, Tag
from pipeline_kit.model.platform import Platform
from pipeline_kit.model.published import Published, PublishedTag
from pipeline_kit.model.reference import Repository
from pipeline_kit.model.verdict import Finding, PlatformScan, Severity, Verdict
from pipeline_kit.model.version import NextVersion
from pipeline_kit.record import Entry, Record, Run, Setting, Values
from pipeline_kit.render.summary import summary

DIGEST, BEFORE, CONFIG = ("sha256:" + letter * 64 for letter in "4bc")
AMD64 = Platform("linux", "amd64")
FINDING = Finding("CVE-2026-1", Severity.HIGH, "urllib3", "2.0.7", fixed="2.2.2")
MINOR = Finding("CVE-2026-2", Severity.LOW, "zlib", "1.2")
NAMED = NextVersion("1.5.0", "from the tag", released=True, changes=("feat: a | b", "fix: <img src=x>"))
PLAN = Plan("9" * 40, 1, "1.5.0", "from the tag", released=True, tags=(Tag("1.5.0", "version"),), changes=NAMED.changes)
BUILT = Image(DIGEST, (PlatformImage(AMD64, DIGEST, CONFIG, (), 48_300_000),), "9" * 40, Tool("buildx", "0.38.2"))
SCAN = PlatformScan(AMD64, DIGEST, CONFIG, 142, "debian 12", (FINDING, MINOR))
PASSED = Verdict(DIGEST, "pass", Tool("Trivy", "0.76.0"), "HIGH or worse", scans=(SCAN,))
REFUSED = Verdict(DIGEST, "refused", Tool("Trivy", "0.76.0"), "HIGH or worse", scans=(SCAN,), stops=(FINDING,))
TAGS = (PublishedTag("1.5.0"), PublishedTag("1", was=BEFORE), PublishedTag("latest", kept="2.0.0 is newer"))
PUSHED = Published(DIGEST, Repository("contosoreg.azurecr.io", "shop/web"), TAGS, 7, 3)
DEPLOYED = Deployment(DIGEST, "docker", "web", DIGEST, "https://shop.example.com", evidence=("/healthz 200",))


def entry(step: str, word: str, detail: str, value: Values, failure: str = "") -> Entry:
    return Entry("shop/web", step, "prod" if step == "deploy" else "", word, detail, 1.0, 1.25, failure, value)


SETTINGS = (
    Setting("image", "contosoreg.azurecr.io/shop/web", "pipeline-kit.yml:2:8"),
    Setting("scan.fail-on", "LOW | <b>", "PIPELINE_KIT_SCAN_FAIL_ON"),
)


def record(*entries: Entry) -> Record:
    return Record(1, "9" * 40, Run(RunIdentity("github", "1234567"), "1.0.0", 1.0, settings=SETTINGS), entries)


FIRST = (
    entry("version", "1.5.0", "from the tag", Values(version=NAMED)),
    entry("tag", "1 tag", "1.5.0", Values(tag=PLAN)),
    entry("build", "444444444444", "2 stages | 48.3 MB", Values(build=BUILT)),
)


def test_a_release_that_serves(snapshot: SnapshotAssertion) -> None:
    whole = record(
        *FIRST,
        entry("scan", "pass", "142 packages", Values(scan=PASSED)),
        entry("push", "444444444444", "3 of 7 blobs", Values(push=PUSHED)),
        entry("deploy", "healthy", "/healthz 200", Values(deploy=DEPLOYED)),
    )
    assert summary(whole, "shop/web") == snapshot


def test_a_refused_image(snapshot: SnapshotAssertion) -> None:
    refused = record(*FIRST, entry("scan", "refused", "1 of 2 stop", Values(scan=REFUSED), "scan.refused"))
    assert summary(refused, "shop/web", artifact="pipeline-kit-record-shop+web") == snapshot


def test_user_text_stays_text() -> None:
    html = (
        MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .render(summary(record(*FIRST, entry("push", "x", "y", Values(push=PUSHED))), "shop/web"))
    )
    assert "<img" not in html
    assert "feat: a | b" in html


def test_what_did_not_run_is_said() -> None:
    text = summary(record(*FIRST, entry("scan", "unknown", "?", Values(), "scan.unknown")), "shop/web")
    assert "could not be judged; nothing was published" in text
    assert "| push | not run |" in text
