"""Small services that behave, and that don't, as layouts and in a registry."""

from __future__ import annotations

import gzip
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.model.image import Image, Tool
from pipeline_kit.model.published import Published
from pipeline_kit.oci.blob_source import BlobSource
from pipeline_kit.oci.connect import connect
from pipeline_kit.oci.credential import anonymous
from pipeline_kit.oci.layout import blob_path, read, read_document
from tests.world.oci_layout import write_layout

if TYPE_CHECKING:
    from pipeline_kit.context import Context
    from pipeline_kit.model.reference import Repository
    from tests.world.base_image import BaseImage

PORT = 8080


@dataclass(frozen=True, slots=True)
class Service:
    """An image that serves on port 8080: what it runs, with the files it needs."""

    command: tuple[str, ...]
    files: dict[str, bytes]
    healthcheck: dict[str, object] | None = None
    exposes: tuple[int, ...] = (PORT,)


def answering(text: str, **others: object) -> Service:
    """Answers ``text`` on every path; ends at once when it is told to."""
    program = f"trap 'exit 0' TERM\nhttpd -f -p {PORT} -h /www &\nwait $!\n"
    return Service(("sh", "/serve"), {"serve": program.encode(), "www/index.html": text.encode()}, **others)  # type: ignore[arg-type]


def stubborn(text: str) -> Service:
    """Answers, and ignores SIGTERM, as a first process does that has no handler."""
    return Service(("httpd", "-f", "-p", str(PORT), "-h", "/www"), {"www/index.html": text.encode()})


def broken() -> Service:
    """Answers 500."""
    reply = b"HTTP/1.0 500 Internal Server Error\\r\\nContent-Length: 0\\r\\n\\r\\n"
    script = b"trap 'exit 0' TERM\nwhile :; do printf '" + reply + b"' | nc -l -p 8080 >/dev/null & wait $!; done\n"
    return Service(("sh", "/serve"), {"serve": script})


def silent() -> Service:
    """Runs, and never answers."""
    return Service(("sh", "-c", "trap 'exit 0' TERM; sleep 600 & wait $!"), {})


def crashing() -> Service:
    """Says why, and ends."""
    return Service(("sh", "-c", "echo starting; echo 'KeyError: DATABASE_URL'; exit 3"), {})


def short_lived(seconds: float) -> Service:
    """Answers, and ends by itself."""
    program = f"httpd -f -p {PORT} -h /www &\nsleep {seconds}\nexit 1\n"
    return Service(("sh", "/serve"), {"serve": program.encode(), "www/index.html": b"short"})


def unstartable() -> Service:
    """Names a program that is not there."""
    return Service(("/nope",), {})


def built(folder: Path, base: BaseImage, service: Service) -> Image:
    """The service as an image."""
    layers = [gzip.decompress(blob_path(base.layout, digest).read_bytes()) for digest in _layers(base)]
    config: dict[str, object] = {
        "Cmd": list(service.command),
        "Env": ["PATH=/bin"],
        "ExposedPorts": {f"{port}/tcp": {} for port in service.exposes},
    }
    if service.healthcheck:
        config["Healthcheck"] = service.healthcheck
    digest = write_layout(folder, [*map(io.BytesIO, layers), _tar(service.files)], config)
    return Image(digest, read(folder).platforms, "0" * 40, Tool("test", "1"), str(folder))


def published(image: Image, repository: Repository, context: Context) -> Published:
    """The image in a registry without authentication."""
    registry = connect(repository, anonymous(repository.registry), context)
    layout = read(Path(image.layout))
    for blob in layout.blobs:
        if registry.head_blob(blob.digest) is None:
            path = blob_path(layout.folder, blob.digest)
            registry.upload_blob(BlobSource(blob.digest, blob.size, lambda path=path: path.open("rb")))
    for manifest in layout.manifests:
        registry.put_manifest(read_document(layout.folder, manifest), manifest.media_type, manifest.digest)
    return Published(image.digest, repository, (), len(layout.blobs), len(layout.blobs))


def _layers(base: BaseImage) -> tuple[str, ...]:
    return read(base.layout).platforms[0].layers


def _tar(files: dict[str, bytes]) -> io.BytesIO:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755
            archive.addfile(member, io.BytesIO(data))
    content.seek(0)
    return content
