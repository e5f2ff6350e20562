"""What of a tenant's exemptions ends soon, and which of them are orphans: a program with types."""

from __future__ import annotations

from datetime import datetime, timezone

import argql


def expiring(engine: argql.Engine, days: int, now: datetime) -> list[tuple[str, str]]:
    """Names and ends of exemptions that end within so many days."""
    table = engine.query(
        """
        declare query_parameters(days: long);
        policyresources
        | where type =~ 'microsoft.authorization/policyexemptions'
        | extend ends = todatetime(properties.expiresOn)
        | where ends between (now() .. now() + days * 1d)
        | project name, ends
        | sort by ends asc
        """,
        now=now,
        days=days,
    )
    return [(name, ends.isoformat()) for name, ends in table]


def main() -> None:
    now = datetime(2026, 10, 1, tzinfo=timezone.utc)
    engine = argql.Engine(limits=argql.Limits(memory=1 << 30)).sample()
    for name, ends in expiring(engine, 30, now):
        print(f"{name} ends {ends}")
    try:
        orphans: argql.Table = engine.run("orphaned-assignment", now=now)
    except argql.DataError as error:
        print(error.message)
    else:
        print(f"{len(orphans)} orphaned")
    by_place = engine.query("resources | summarize n = count() by location | sort by n desc")
    places: dict[str, int] = {row["location"]: row["n"] for row in by_place.to_dicts()}
    print(", ".join(f"{place}: {n}" for place, n in places.items()))


if __name__ == "__main__":
    main()
