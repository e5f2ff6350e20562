"""Engines, queries, saved questions, reviews and stores."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import argql
import pytest

UTC = timezone.utc
DAY = "2026-10-01"


def test_engines_never_change(export: Path) -> None:
    empty = argql.Engine()
    loaded = empty.load(export)
    more = loaded.table("owners", [{"name": "Ulla", "pet": "Tom"}])
    assert (empty.tables, loaded.tables, more.tables) == ([], ["pets"], ["pets", "owners"])
    assert more.without_tables().tables == []
    assert loaded.query("pets | count")[0] == (3,)


@pytest.mark.parametrize("how", [str, Path, lambda path: f"pets={path}"], ids=["str", "Path", "NAME=PATH"])
def test_paths_of_every_kind(export: Path, how: Any) -> None:
    assert argql.Engine().load(how(export)).count("pets") == 3


def test_several_paths(export: Path, tmp_path: Path) -> None:
    other = tmp_path / "owners.json"
    other.write_text('[{"name":"Ulla"}]')
    assert argql.Engine().load(export, other).tables == ["pets", "owners"]


def test_files_that_queries_name_themselves(tmp_path: Path) -> None:
    owners = tmp_path / "owners.csv"
    owners.write_text("rg1,Tom\nrg2,Rex\n")
    text = f"externaldata(group: string, owner: string)[@'{owners}'] | count"
    with pytest.raises(argql.Error):
        argql.Engine().query(text)
    assert argql.Engine().allow_files(tmp_path).query(text)[0] == (2,)
    with pytest.raises(argql.DataError):
        argql.Engine().allow_files(tmp_path / "nothing")
    with pytest.raises(TypeError):
        argql.Engine().allow_files()


def test_folders_of_tenants_are_one_database(tmp_path: Path) -> None:
    for tenant in ("contoso", "fabrikam"):
        (tmp_path / tenant).mkdir()
        (tmp_path / tenant / "resources.json").write_text(f'[{{"name":"of {tenant}"}}]')
    engine = argql.Engine().load(tmp_path)
    assert engine.tenants == ["contoso", "fabrikam"]
    assert engine.query("resources | where tenant == 'contoso' | project name")[0] == ("of contoso",)
    alone = engine.tenant("fabrikam")
    assert alone.tenants == [] and alone.query("resources | project name")[0] == ("of fabrikam",)
    with pytest.raises(argql.UsageError, match="fabrikam"):
        engine.tenant("fabrikan")


def test_two_exports_side_by_side() -> None:
    january = argql.Engine().table("resources", [{"id": "/a"}, {"id": "/b"}])
    today = argql.Engine().table("resources", [{"id": "/B"}, {"id": "/c"}]).snapshot("january", january)
    gone = today.query("database('january').resources | where id !in~ (resources | project id) | project id")
    assert list(gone) == [("/a",)]
    assert today.snapshots == {"january": ["resources"]}
    assert today.database("january").count("resources") == 2


def test_now_is_fixed_for_an_engine_or_a_query() -> None:
    query = "print now()"
    assert argql.Engine(now=DAY).query(query)[0][0] == datetime(2026, 10, 1, tzinfo=UTC)
    assert argql.Engine().query(query, now=date(2026, 10, 1))[0][0] == datetime(2026, 10, 1, tzinfo=UTC)
    east = datetime(2026, 10, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert argql.Engine(now="2020-01-01").query(query, now=east)[0][0] == datetime(2026, 10, 1, tzinfo=UTC)
    assert argql.Engine().prepare(query, now=DAY).run()[0][0] == datetime(2026, 10, 1, tzinfo=UTC)


def test_parameters_are_values_never_text(sample: argql.Engine) -> None:
    query = (
        "declare query_parameters(place: string, least: long = 2);"
        "resources | where location == place | count | where Count >= least"
    )
    assert sample.query(query, place="westeurope")[0] == (17,)
    assert len(sample.query(query, place="westeurope", least=18)) == 0
    assert len(sample.query(query, place="' or true //")) == 0
    # Names that are options here, too.
    assert sample.query("declare query_parameters(now: long); print now", parameters={"now": 5})[0] == (5,)


def test_a_query_runs_many_times(sample: argql.Engine) -> None:
    query = sample.prepare("declare query_parameters(n: long = 1); resources | take n | project name")
    assert [column.name for column in query.columns] == ["name"]
    assert len(query.run()) == 1 and len(query.run(n=7)) == 7 and len(query.run()) == 1
    assert query.text.startswith("declare")


def test_a_query_streams(sample: argql.Engine) -> None:
    query = sample.prepare("range n from 1 to 300000 step 1")
    parts = list(query.stream())
    assert sum(map(len, parts)) == 300_000 and len(parts) > 1
    assert parts[0][0] == (1,) and parts[-1][-1] == (300_000,)
    # Who has seen enough goes.
    for part in sample.prepare("range n from 1 to 90000000 step 1").stream():
        assert part[0] == (1,)
        break


def test_several_statements(sample: argql.Engine) -> None:
    one, two = sample.query_all("print a = 1; print b = 2")
    assert one.to_dicts() == [{"a": 1}] and two.to_dicts() == [{"b": 2}]


def test_check_complete_explain(sample: argql.Engine) -> None:
    assert sample.check("resources | project id, n = 1")
    assert [column.type for column in sample.check("print a = 1, b = 'x'").columns] == ["long", "string"]
    wrong = sample.check("resources | where lokation == 'x'")
    assert not wrong and wrong.diagnostics[0].code == "AQ1001"
    found = sample.complete("resources | where loc")
    assert found[0].text == "location" and found.start == 18 and found[0].kind
    paths = sample.complete("securityresources | where properties.status.")
    assert {"code", "cause"} <= {each.name for each in paths}
    text = "resources | where name == 'ü🐈' | where loc | count"
    found = sample.complete(text, text.index(" | count"))
    assert text[found.start :].startswith("loc") and "location" in [each.text for each in found]
    for stage in ("tokens", "ast", "plan", "rewritten", "profile"):
        assert sample.explain("resources | where location == 'x' | count", stage=stage)
    assert "count" in (sample.hint("print count") or "count")
    assert argql.layout("resources|count") == "resources\n| count"


def test_what_there_is(sample: argql.Engine) -> None:
    assert sorted(sample.tables) == ["policyresources", "resourcecontainers", "resources", "securityresources"]
    assert ("location", "string") in [(column.name, column.type) for column in sample.schema("resources")]
    assert sample.count("resources") == 50
    codes = next(each for each in sample.paths("securityresources.properties.status") if each.path.endswith("code"))
    assert codes.share is not None and codes.values
    substring = sample.lookup("substring")[0]
    assert substring.kind and "substring" in substring.syntax and substring.examples
    assert "summarize" in {name.name for name in sample.names()}
    assert "securityresources" in argql.known_tables()
    assert "AQ1001" in argql.codes()
    assert argql.marks("print 'ü', 1")[0] == (0, 5, "operator")
    assert [kind for begin, end, kind in argql.marks("print 'ü', 1") if (begin, end) == (6, 9)] == ["text"]


def test_saved_questions(sample: argql.Engine) -> None:
    names = [question.name for question in argql.questions()]
    assert "exemptions-expiring" in names and len(names) > 40
    question = argql.question("exemptions-expiring")
    assert question.about and question.area and "policyresources" in question.tables
    assert [(parameter.name, parameter.type) for parameter in question.parameters][0] == ("days", "long")
    few, more = (sample.run("exemptions-expiring", days=days, now=DAY) for days in (1, 365))
    assert len(few) < len(more)
    assert len(sample.run(question, days=365, now=DAY)) == len(more)
    own = argql.Question("mine", "// include: exemptions\nprint 1")
    assert sample.run(own)[0] == (1,)
    assert question.lacks(argql.Engine())[0].severity == "error"


def test_a_question_of_a_file(sample: argql.Engine, tmp_path: Path) -> None:
    path = tmp_path / "kinds.kql"
    path.write_text("// Which kinds there are.\n// tables: resources\nresources | summarize count() by location")
    question = argql.Question.open(path)
    assert question.about == "Which kinds there are." and len(sample.run(question)) > 1


def test_audit(sample: argql.Engine) -> None:
    audit = sample.audit(only=["exemptions-no-expiry"], now=DAY)
    assert audit.verdict == "failed" and not audit and "1 failed" in audit.summary
    findings = audit.findings("exemptions-no-expiry")
    assert findings is not None and len(findings) == 14
    assert sample.audit(only=["exemptions-no-expiry"], allow={"exemptions-no-expiry": 20}, now=DAY).verdict == "passed"
    assert '"version": "2.1.0"' in audit.to_sarif("export/") or '"version":"2.1.0"' in audit.to_sarif("export/")
    assert audit.to_junit().startswith("<?xml") and audit.to_json()
    baseline, about = audit.accept("reviewed in October", until=date(2026, 12, 31))
    assert 'until = "2026-12-31"' in baseline and about.startswith("14 accepted")
    assert argql.Engine().audit().verdict == "refused"
    assert len(argql.checks()) > 5


def test_diff() -> None:
    old = argql.Engine().table("pets", [{"id": 1, "name": "Tom"}, {"id": 2, "name": "Rex"}])
    new = argql.Engine().table("pets", [{"id": 1, "name": "Tim"}, {"id": 2, "name": "Rex"}])
    diff = argql.diff(old, new, table="pets")
    assert diff.summary == "1 row changed, 1 row as before"
    row = diff.table.to_dicts()[0]
    assert (row["change"], row["field"], row["old"], row["new"]) == ("changed", "name", "Tom", "Tim")
    assert len(argql.diff(old, new, table="pets", ignore=["name"]).table) == 0


def test_report(sample: argql.Engine, tmp_path: Path) -> None:
    report = sample.report(title="Fjord & Co", about="Data: the sample.", now=DAY)
    assert "Secure score" in report.tables
    assert "Fjord &amp; Co" in report.html() and report._repr_html_().startswith("<iframe")
    report.write(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == report.html()
    report.write(tmp_path / "report.md")
    assert (tmp_path / "report.md").read_text(encoding="utf-8").startswith("# Fjord")


def test_stores(sample: argql.Engine, tmp_path: Path) -> None:
    store = tmp_path / "store"
    first = argql.import_store(store, sample, moment="2026-11-27")
    later = sample.without_tables().table("resources", b'[{"id":"/new","name":"new"}]')
    argql.import_store(store, later, moment=date(2026, 11, 28))
    assert first.name == "2026-11-27" and {table.name: table.rows for table in first.tables}["resources"] == 50
    assert [snapshot.name for snapshot in argql.snapshots(store)] == ["2026-11-27", "2026-11-28"]
    assert argql.snapshots(store)[0].taken == datetime(2026, 11, 27, tzinfo=UTC)
    engine = argql.Engine().load(store)
    assert engine.count("resources") == 1
    assert engine.query("database('2026-11-27').resources | count")[0] == (50,)
    assert engine.history("resources") == [datetime(2026, 11, 27, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC)]
    assert argql.Engine().load(store, at="2026-11-27").count("resources") == 50


def test_scopes(sample: argql.Engine) -> None:
    subscription = sample.query("resources | take 1 | project subscriptionId")[0][0]
    all_of_it = sample.query(
        "declare query_parameters(s: string); resources | where subscriptionId == s | count", s=subscription
    )
    assert sample.scoped(subscriptions=[subscription]).query("resources | count")[0] == all_of_it[0]


def test_files_are_held_while_newer_ones_take_their_place(export: Path) -> None:
    loaded = argql.Engine().load(export)
    held = loaded.hold()
    newer = export.parent / "newer.json"
    newer.write_text('[{"name":"Max","lives":5}]')
    newer.replace(export / "pets-0002.json")
    names = "pets | sort by name asc | project name"
    assert held.query(names)["name"] == ["Ida", "Rex", "Tom"]
    assert argql.Engine().load(export).query(names)["name"] == ["Max", "Rex", "Tom"]


def test_answers_are_the_same_on_one_thread(sample: argql.Engine) -> None:
    query = "securityresources | summarize n = count() by type, tostring(properties.status.code)"
    alone = argql.Engine(threads=1, keep_columns=False).sample()
    assert list(alone.query(query)) == list(sample.query(query))


def test_what_resource_graph_does_not_take_is_warned_of() -> None:
    told = argql.Engine(target="arg").check("let n = 5; resources | take n").diagnostics
    assert told[0].severity == "warning" and told[0].code == "AQ5003"


def test_known_tables_may_be_empty() -> None:
    assert len(argql.Engine(missing="empty").query("healthresources")) == 0


def test_limits_are_values() -> None:
    limits = argql.Limits(rows=10, time=timedelta(seconds=2))
    assert (limits.rows, limits.time) == (10, timedelta(seconds=2)) and limits.memory == argql.Limits().memory
    assert limits == argql.Limits(rows=10, time=2.0) and hash(limits) == hash(argql.Limits(rows=10, time=2))
    assert argql.Limits.none().rows is None and argql.Engine(limits=limits).limits == limits


def test_progress_is_told_and_may_stop(tmp_path: Path) -> None:
    rows = "\n".join('{"name":"%s"}' % ("x" * 1000) for _ in range(60_000))
    (tmp_path / "big.ndjson").write_text(rows)
    engine = argql.Engine(keep_columns=False).load(tmp_path / "big.ndjson")
    told: list[tuple[str, int, int, int]] = []
    answer = engine.query("big | where name startswith 'x' | count", progress=lambda *news: told.append(news))
    assert answer[0] == (60_000,)
    table, done, total, found = told[-1]
    assert table == "big" and 0 < done <= total == (tmp_path / "big.ndjson").stat().st_size and found > 0
    assert engine.query("big | count", progress=True)[0] == (60_000,)

    def stop(*news: object) -> None:
        raise InterruptedError("seen enough")

    with pytest.raises(InterruptedError, match="seen enough"):
        engine.query("big | where name contains 'y' | count", progress=stop)


def test_progress_bars_are_tqdms(monkeypatch: pytest.MonkeyPatch) -> None:
    import tqdm.auto
    from argql._progress import Bars

    made: list[Any] = []

    class Bar:
        def __init__(self, **options: Any) -> None:
            self.total, self.n, self.closed = options["total"], 0, False
            made.append(self)

        def update(self, more: int) -> None:
            self.n += more

        def set_postfix_str(self, text: str, refresh: bool) -> None:
            self.text = text

        def close(self) -> None:
            self.closed = True

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    bars = Bars()
    for done in (10, 40, 100):
        bars("pets", done, 100, done * 20)
    bars("owners", 1, 2, 1)
    bars.close()
    assert [(bar.n, bar.total, bar.closed) for bar in made] == [(100, 100, True), (1, 2, True)]
    assert made[0].text == "2,000 rows"


def test_coroutines_answer_side_by_side(sample: argql.Engine) -> None:
    async def ask(n: int) -> int:
        table = await asyncio.to_thread(sample.query, f"range x from 1 to {n} step 1 | count")
        return int(table[0][0])

    async def all_of_them() -> list[int]:
        return await asyncio.gather(*(ask(n) for n in range(1, 9)))

    assert asyncio.run(all_of_them()) == list(range(1, 9))
