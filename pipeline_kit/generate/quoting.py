"""Text as a quoted scalar of YAML."""


def quoted(text: str) -> str:
    """``text`` between single quotes, which leave everything as it is but themselves."""
    return "'" + text.replace("'", "''") + "'"
