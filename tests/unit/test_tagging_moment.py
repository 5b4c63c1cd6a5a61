"""Dates as moment.js writes them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.errors import Failure
from pipeline_kit.tagging.moment import formatted, iso, zone

FRIDAY = 1578616200.123  # 2020-01-10T00:30:00.123Z


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("YYYYMMDD-HHmmss", "20200110-003000"),
        ("dddd, MMMM Do YYYY, h:mm:ss a", "Friday, January 10th 2020, 12:30:00 am"),
        ("YY Y YYYYY YYYYYY", "20 2020 02020 +002020"),
        ("Q Qo M Mo MMM D DDD DDDD DDDo", "1 1st 1 1st Jan 10 10 010 10th"),
        ("d do dd ddd e E", "5 5th Fr Fri 5 5"),
        ("w ww gg gggg W WW GG GGGG", "2 02 20 2020 2 02 20 2020"),
        ("H HH k kk A a hmm Hmmss", "0 00 24 24 AM am 1230 03000"),
        ("S SS SSS SSSSSS X x", "1 12 123 123000 1578616200 1578616200123"),
        ("Z ZZ z", "+00:00 +0000 UTC"),
        ("LT|LTS|L|LL", "12:30 AM|12:30:00 AM|01/10/2020|January 10, 2020"),
        ("l ll llll", "1/10/2020 Jan 10, 2020 Fri, Jan 10, 2020 12:30 AM"),
        ("[W]WW [YYYY] \\YYYY T", "W02 YYYY YYYY T"),
        ("[a [b] YYYY[", "[am b 2020["),
        ("N NNNN y yo", "AD Anno Domini 2020 2020th"),
        ("", ""),
        (None, "2020-01-10T00:30:00Z"),
    ],
)
def test_a_format(pattern: str | None, written: str) -> None:
    assert formatted(FRIDAY, pattern, UTC) == written


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Asia/Tokyo", "09:30+09:00 JST"),
        ("asia/tokyo", "09:30+09:00 JST"),
        ("America/New_York", "19:30-05:00 EST"),
        ("Asia/Kathmandu", "06:15+05:45 +0545"),
        ("utc", "00:30+00:00 UTC"),
    ],
)
def test_a_zone(name: str, written: str) -> None:
    assert formatted(FRIDAY, "HH:mmZ z", zone(name)) == written


@pytest.mark.parametrize("name", ["Nope/Zone", "../etc/passwd", "/etc/localtime", "Asia", "\0", "x" * 5000])
def test_a_zone_that_there_is_not(name: str) -> None:
    with pytest.raises(Failure) as found:
        zone(name)
    assert found.value.kind == "tag.time-zone"


@pytest.mark.parametrize("seconds", [1e18, -1e18])
def test_a_moment_without_a_date(seconds: float) -> None:
    with pytest.raises(Failure):
        formatted(seconds, "YYYY", UTC)


def test_a_format_that_is_too_long() -> None:
    with pytest.raises(Failure, match="too long"):
        formatted(FRIDAY, "Y" * 5000, UTC)


def test_the_week_belongs_to_a_year() -> None:
    sunday = datetime(2018, 12, 30, tzinfo=UTC).timestamp()
    assert formatted(sunday, "gggg w GGGG W", UTC) == "2019 1 2018 52"


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - hypothesis adds the zone below
def test_iso_weeks_are_those_of_the_standard(when: datetime) -> None:
    aware = when.replace(microsecond=0, tzinfo=UTC)
    year, week, day = aware.isocalendar()
    assert formatted(aware.timestamp(), "GGGG-WW-E", UTC) == f"{year}-{week:02}-{day}"
    assert iso(aware.timestamp(), thousandths=True) == f"{aware:%Y-%m-%dT%H:%M:%S}.000Z"
