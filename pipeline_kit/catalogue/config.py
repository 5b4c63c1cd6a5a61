"""Failures of the configuration and of the command line."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "syntax": Kind(
        Exit.USAGE,
        "The configuration is not valid YAML",
        """The parser's place is shown. Anchors, aliases, duplicate keys, more than 1 MiB and more than 32 levels are refused: each of them has been used
to make a file mean something else than it seems to.""",
    ),
    "unknown-key": Kind(
        Exit.USAGE,
        "The configuration has a key that nothing reads",
        """A key that nothing reads is a setting that silently does not apply. pipeline-kit config schema prints all keys.""",
    ),
    "type": Kind(
        Exit.USAGE,
        "A setting has the wrong type",
        """Text, number, true or false, list or map: the message names what is expected.""",
    ),
    "proxy": Kind(
        Exit.USAGE,
        "The variable for a proxy names none",
        """HTTPS_PROXY or HTTP_PROXY is no address of an HTTP proxy: most often its password has a character that ends a host's name. Percent-encode it: / is %2F, ? is %3F, # is %23. A SOCKS proxy can't be used. The value is not shown, for it may hold the password. It is looked at only where it is used: NO_PROXY names hosts that are asked without it.""",
    ),
    "missing": Kind(
        Exit.USAGE,
        "A setting is needed and not given",
        """Only that is asked for which a wrong guess would publish or deploy to a wrong place.""",
    ),
    "file": Kind(
        Exit.USAGE,
        "A file named in the configuration or on the command line can't be read",
        """The path is relative to the folder of the configuration file, or to the working directory for a flag.""",
    ),
    "authorities": Kind(
        Exit.USAGE,
        "The certificate authorities that the environment names can't be read",
        """REQUESTS_CA_BUNDLE and SSL_CERT_FILE name a file of certificates in PEM, SSL_CERT_DIR a folder of them under the names that openssl rehash gives. The first of the three that is set counts, and its certificates take the place of the usual ones. Nobody is asked while it can't be read.""",
    ),
    "event": Kind(
        Exit.USAGE,
        "The event that is to be imitated can't be read",
        """PIPELINE_KIT_EVENT is JSON with a kind (push, tag, pull_request, schedule, manual or local) and what that has: ref, branch, tag, base, number. It counts on a terminal alone; a CI says itself what started it.""",
    ),
    "undefined-variable": Kind(
        Exit.USAGE,
        "A value holds $(name), which Azure Pipelines did not replace",
        """Azure Pipelines leaves $(name) as it is where no variable of that name exists. Define the variable, or remove the reference.""",
    ),
    "usage": Kind(
        Exit.USAGE,
        "The command line can't be understood",
        """pipeline-kit COMMAND --help lists the options with examples.""",
    ),
    "version": Kind(
        Exit.USAGE,
        "The configuration is of another version",
        """This release reads version: 1.""",
    ),
    "unsafe-event": Kind(
        Exit.USAGE,
        "pull_request_target is refused",
        """This event gives a workflow its secrets while it builds code that anyone can propose. Use pull_request: it runs everything that is safe. version and tag answer all the same: they run nothing of the repository.""",
    ),
}
