"""Dates in the formats of moment.js, in English: https://momentjs.com/docs/#/displaying/format/"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, fix, why
from pipeline_kit.tagging.lists import shown

if TYPE_CHECKING:
    from collections.abc import Callable

_FORMAT = (
    r"\[[^\[]*\]|\\?(?:[Hh]mm(?:ss)?|Mo|MM?M?M?|Do|DDDo|DD?D?D?|ddd?d?|do?|w[o|w]?|W[o|W]?|Qo?|N{1,5}|YYYYYY|YYYYY|YYYY"
    r"|YY|y{2,4}|yo?|gg(?:ggg?)?|GG(?:GGG?)?|e|E|a|A|hh?|HH?|kk?|mm?|ss?|S{1,9}|x|X|zz?|ZZ?|[^\n\r\u2028\u2029])"
)
_LONG_FORMAT = r"\[[^\[]*\]|\\?(?:LTS|LT|LL?L?L?|l{1,4})"
_LONG = {
    "LTS": "h:mm:ss A",
    "LT": "h:mm A",
    "L": "MM/DD/YYYY",
    "LL": "MMMM D, YYYY",
    "LLL": "MMMM D, YYYY h:mm A",
    "LLLL": "dddd, MMMM D, YYYY h:mm A",
    "l": "M/D/YYYY",
    "ll": "MMM D, YYYY",
    "lll": "MMM D, YYYY h:mm A",
    "llll": "ddd, MMM D, YYYY h:mm A",
}
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_LONGEST = 1000
# The machine's own zone, as moment.js has it for a zone that it does not know: on a runner it is UTC without its name.
_LOCAL = timezone(timedelta(0), "")
_DEFAULT, _DEFAULT_UTC = "YYYY-MM-DDTHH:mm:ssZ", "YYYY-MM-DDTHH:mm:ss[Z]"


def formatted(seconds: float, pattern: str | None, zone: tzinfo) -> str:
    """The moment ``seconds`` after 1970 in ``zone``, as ``pattern`` says; None is the ISO 8601 one.

    Failure: ``tag.template`` for a moment outside of the years 1 to 9999, or a pattern that is too long.
    """
    when = _moment(seconds, zone)
    if pattern is None:
        pattern = _DEFAULT if when.utcoffset() or zone is _LOCAL else _DEFAULT_UTC
    if len(pattern) > _LONGEST:
        raise Failure(
            "tag.template", f"the date format {shown(pattern)} is too long", why(f"It has {len(pattern)} signs.")
        )
    pattern = re.sub(_LONG_FORMAT, lambda found: _LONG.get(found[0], found[0]), pattern)
    return "".join(_written(when, token) for token in re.findall(_FORMAT, pattern))


def zone(name: str, *, compat: bool = False) -> tzinfo:
    """The time zone of that name, in capital or small letters.

    Failure: ``tag.time-zone`` if there is none, or the machine has no data about zones; with ``compat`` that is UTC.
    """
    if name.upper() == "UTC":
        return UTC
    # Data about zones is read only where a rule names one.
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        wanted = name.lower().replace("_", "/")
        known = zoneinfo.available_timezones()
        if found := next((one for one in known if one.lower().replace("_", "/") == wanted), ""):
            return zoneinfo.ZoneInfo(found)
    if compat:
        return _LOCAL
    raise Failure(
        "tag.time-zone",
        f"there is no time zone {shown(name)}",
        why("Either the name is wrong, or this machine has no data about time zones."),
        fix("tz='Europe/Berlin', a name of https://www.iana.org/time-zones"),
        alternative("install the data: apt-get install tzdata, or pip install tzdata"),
    )


def iso(seconds: float, *, thousandths: bool) -> str:
    """The moment in UTC, in whole seconds, or in thousandths as ``Date.prototype.toISOString`` has it."""
    when = _moment(seconds, UTC)
    fraction = f".{when.microsecond // 1000:03}" if thousandths else ""
    return f"{when:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _moment(seconds: float, zone: tzinfo) -> datetime:
    try:
        thousandths = int(seconds * 1000 // 1)
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=thousandths)).astimezone(zone)
    except (OverflowError, ValueError) as error:
        raise Failure("tag.template", f"{seconds} s after 1970 is no date", why("Years are 1 to 9999.")) from error


def _written(when: datetime, token: str) -> str:
    if token.startswith("["):
        return re.sub(r"\A\[|\]\Z", "", token) if len(token) > 1 else token
    if token.startswith("\\"):
        return token.replace("\\", "")
    if token.startswith("S"):
        return f"{when.microsecond // 1000:03}"[: len(token)].ljust(len(token), "0")
    if token in _ORDINALS:
        return _ordinal(int(_TOKENS[token[:-1]](when)))
    return _TOKENS[token](when) if token in _TOKENS else token


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 // 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _weekday(when: datetime) -> int:
    """0 is Sunday."""
    return when.isoweekday() % 7


def _week_of(day: date, first: int, january: int) -> tuple[int, int]:
    """Year and number of the week of ``day``: weeks start with the weekday ``first`` (0 = Sunday), and the first week
    of a year is the one with the day 7 + ``first`` - ``january`` of January.
    """
    for year in (day.year + 1, day.year, day.year - 1):
        if date.min.year <= year <= date.max.year:
            fixed = date(year, 1, 7 + first - january)
            start = fixed - timedelta(days=(fixed.isoweekday() - first) % 7)
            if day >= start:
                return year, (day - start).days // 7 + 1
    return day.year, 1


def _week(when: datetime) -> tuple[int, int]:
    return _week_of(when.date(), 0, 6)


def _iso_week(when: datetime) -> tuple[int, int]:
    return _week_of(when.date(), 1, 4)


def _offset(when: datetime, colon: str) -> str:
    minutes = int((when.utcoffset() or timedelta()).total_seconds() // 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{minutes // 60:02}{colon}{minutes % 60:02}"


def _thousandths(when: datetime) -> int:
    return (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _hour(when: datetime) -> int:
    return when.hour % 12 or 12


def _padded(tokens: str, value: Callable[[datetime], int]) -> dict[str, Callable[[datetime], str]]:
    """Tokens that write the same number, each as wide as it is long."""
    return {token: _with_width(value, len(token)) for token in tokens.split()}


def _with_width(value: Callable[[datetime], int], width: int) -> Callable[[datetime], str]:
    return lambda when: f"{value(when):0{width}}"


_ORDINALS = ("Mo", "Do", "DDDo", "do", "wo", "Wo", "Qo", "yo")
_TOKENS: dict[str, Callable[[datetime], str]] = {
    **_padded("M MM", lambda when: when.month),
    **_padded("D DD", lambda when: when.day),
    **_padded("H HH", lambda when: when.hour),
    **_padded("h hh", _hour),
    **_padded("k kk", lambda when: when.hour or 24),
    **_padded("m mm", lambda when: when.minute),
    **_padded("s ss", lambda when: when.second),
    **_padded("y yy yyy yyyy YYYY YYYYY", lambda when: when.year),
    **_padded("w ww", lambda when: _week(when)[1]),
    **_padded("W WW", lambda when: _iso_week(when)[1]),
    **_padded("gggg ggggg", lambda when: _week(when)[0]),
    **_padded("GGGG GGGGG", lambda when: _iso_week(when)[0]),
    **_padded("d", _weekday),
    **_padded("e", _weekday),
    **_padded("E", lambda when: when.isoweekday()),
    **_padded("Q", lambda when: (when.month + 2) // 3),
    **_padded("x", _thousandths),
    **_padded("X", lambda when: _thousandths(when) // 1000),
    "MMM": lambda when: _MONTHS[when.month - 1][:3],
    "MMMM": lambda when: _MONTHS[when.month - 1],
    "dd": lambda when: _DAYS[_weekday(when)][:2],
    "ddd": lambda when: _DAYS[_weekday(when)][:3],
    "dddd": lambda when: _DAYS[_weekday(when)],
    "DDD": lambda when: str(when.timetuple().tm_yday),
    "DDDD": lambda when: f"{when.timetuple().tm_yday:03}",
    "Y": lambda when: f"{when.year:04}",
    "YY": lambda when: f"{when.year % 100:02}",
    "YYYYYY": lambda when: f"+{when.year:06}",
    "gg": lambda when: f"{_week(when)[0] % 100:02}",
    "GG": lambda when: f"{_iso_week(when)[0] % 100:02}",
    "hmm": lambda when: f"{_hour(when)}{when.minute:02}",
    "hmmss": lambda when: f"{_hour(when)}{when.minute:02}{when.second:02}",
    "Hmm": lambda when: f"{when.hour}{when.minute:02}",
    "Hmmss": lambda when: f"{when.hour}{when.minute:02}{when.second:02}",
    "A": lambda when: "AM" if when.hour < 12 else "PM",
    "a": lambda when: "am" if when.hour < 12 else "pm",
    **dict.fromkeys(("N", "NN", "NNN", "NNNNN"), lambda _: "AD"),
    "NNNN": lambda _: "Anno Domini",
    "z": lambda when: when.tzname() or "",
    "zz": lambda when: when.tzname() or "",
    "Z": lambda when: _offset(when, ":"),
    "ZZ": lambda when: _offset(when, ""),
}
