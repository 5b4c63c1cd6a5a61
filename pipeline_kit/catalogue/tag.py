"""Failures of the tags' names: rules, templates and expressions that can't be followed."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "list": Kind(
        Exit.USAGE,
        "A list of tags, images or labels is no CSV",
        """A line is one item, and its fields stand between commas. A field with a comma inside needs quotation marks around the whole field, its name
included: type=match,"pattern=v(a,b)". Lines that start with # are comments.""",
    ),
    "rule": Kind(
        Exit.USAGE,
        "A tag rule can't be followed",
        """A rule has a type (schedule, semver, pep440, match, edge, ref, raw, sortable, sha) and attributes. docs/tags.md has every type with its
attributes and an example. An attribute that nothing reads is refused: it would be a rule that silently does not apply.""",
    ),
    "flavor": Kind(
        Exit.USAGE,
        "A flavor of the tags has no meaning",
        """A flavor is latest=auto, true or false; prefix=TEXT; suffix=TEXT; and behind one of the latter onlatest=true, for latest too.""",
    ),
    "images": Kind(
        Exit.USAGE,
        "A name of an image has no meaning",
        """Each line is one image, such as contosoreg.azurecr.io/shop/web, without a tag. name=NAME,enable=false leaves one out. A run publishes to the configured image alone: it refuses other names, which would be published nowhere.""",
    ),
    "label": Kind(
        Exit.USAGE,
        "A label or annotation is no KEY=VALUE",
        """Each line is one label. The value may hold templates such as {{branch}}, and may be empty.""",
    ),
    "template": Kind(
        Exit.USAGE,
        "A template of a tag can't be filled in",
        """Templates are a part of Handlebars: variables, {{#if}}, {{#unless}}, {{else}}, and dates with a format. Other helpers, paths, partials and comments
are not supported; a step before this one can make such a text, and give it as type=raw,value=TEXT.""",
    ),
    "pattern": Kind(
        Exit.USAGE,
        "A regular expression is wrong, or not supported",
        """Expressions are JavaScript's. Those that Python would match differently are refused: the flags u and v, \\p{...}, octal numbers, repetitions of what
may be empty, and repetitions that may leave out a group. The message names the construct and another way to write it.""",
    ),
    "pattern-slow": Kind(
        Exit.USAGE,
        "A regular expression takes too long",
        """A match has one second and a text of at most 1000 characters. Repetitions inside of repetitions, such as (a+)+, take exponentially long on some texts,
and whoever pushes a tag chooses the text.""",
    ),
    "time-zone": Kind(
        Exit.USAGE,
        "There is no such time zone",
        """Names are those of the IANA database, such as Europe/Berlin. A small image may lack the database: install tzdata. Without tz a date is in UTC.""",
    ),
    "elsewhere": Kind(
        Exit.USAGE,
        "The event is about a tag, and another commit is checked out",
        """A rule reads a version from the tag that was pushed, and an image gets that name only if it is made from the tag's commit. Here the
checkout has another one, most often since it names a ref of its own.

Check out what the event is about, or let the rules go by the commit that is there: --context git. With --compat metadata-action the event's word
is taken.""",
    ),
    "default-branch": Kind(
        Exit.USAGE,
        "A rule asks for the default branch, and nobody tells it",
        """GitHub and GitLab tell it; Azure Pipelines does not, and a clone knows it only where git set the HEAD of its remote (origin/HEAD). Set tag.default-branch: a guess could
move latest to the wrong branch's code.""",
    ),
    "setting": Kind(
        Exit.USAGE,
        "A variable that changes tags or labels has no meaning",
        """SOURCE_DATE_EPOCH is a number of seconds since 1970. The variables of docker/metadata-action are read with --compat alone.""",
    ),
}
