"""The local registry: OCI's distribution API over a folder, for one machine and without authentication.

``serving`` runs it in the background, ``pipeline-kit registry serve`` in the foreground; ``routes.answer`` is the API
without a socket. https://github.com/opencontainers/distribution-spec
"""

from pipeline_kit.oci.server.serve import serving

__all__ = ["serving"]
