"""The local registry: OCI's distribution API over a folder, for one machine and without authentication.

``serve.serving`` runs it in the background, ``pipeline-kit registry serve`` in the foreground; ``routes.answer`` is the
API without a socket. https://github.com/opencontainers/distribution-spec
"""
