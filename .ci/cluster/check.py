#!/usr/bin/env python3
"""Answers three ways, and what becomes of queries when machines die: `check.py ARGQL OTHER`, where OTHER is another
version of the program. Prints a table, and ends with 1 if anything is not as it must be."""

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from cluster import Cluster, Run, equal  # noqa: E402

ARGQL, OTHER = map(os.path.abspath, sys.argv[1:3])
FOLDER = tempfile.mkdtemp(prefix="argql-cluster-")
STORE, EVENTS = f"{FOLDER}/store", f"{FOLDER}/events"
# Where executors keep rows between stages.
ROWS = os.environ["TMPDIR"] = f"{FOLDER}/rows"

# What a plan can be cut at, over the store and over lines of JSON.
QUERIES = [
    "resources | count",
    "resources | where location == 'westeurope' | project name, type, tags | sort by name asc",
    "resources | summarize n = count(), names = make_set(name) by location",
    "resources | summarize count() by bin(strlen(name), 4), location | sort by count_ desc, location asc | take 5",
    "resources | distinct type",
    "resources | take 0",
    "resources | project id, type | join kind=inner (resourcecontainers | project id, kind = type) on id",
    "securityresources | where type == 'microsoft.security/assessments' "
    "| summarize count(), dcount(name), arg_max(strlen(id), name) by tostring(properties.status.code)",
    "securityresources | extend sub = subscriptionId | join kind=leftouter (resourcecontainers "
    "| where type == 'microsoft.resources/subscriptions' | project subscriptionId, owner = name) on subscriptionId "
    "| summarize count() by owner",
    "policyresources | mv-expand c = properties.policyDefinitionReferenceIds | summarize count() by tostring(c)",
    "securityresources | union policyresources | summarize count() by type | sort by type asc",
    "resources | order by name asc | serialize row = row_number() | where row % 7 == 0 | project row, name",
    "resources | where name in ((resources | top 3 by name asc | project name)) | project name",
    "let n = toscalar(resources | count); resources | summarize share = 100.0 * count() / n by location",
    "print x = 1, y = dynamic({'a': [1, null]}), z = datetime(2026-11-29)",
    "datatable(a: long, b: string)[1, 'x', 2, '', long(null), 'y'] | sort by a asc nulls first",
    "range x from 1 to 1000 step 1 | summarize sum(x), avg(x), percentile(x, 90), stdev(x)",
    "events | count",
    "events | summarize count(), sum(size), avg(size), min(at), max(at), dcount(user) by kind",
    "events | summarize sum(real), stdev(real), percentile(real, 50) by kind",
    "events | where size > 9000 | project seq, user, size, note | sort by seq asc",
    "events | summarize n = count() by user | sort by n desc, user asc | take 10",
    "events | summarize take_anyif(note, isnotempty(note)), make_list(seq, 3) by kind",
    "events | summarize hint.strategy = shuffle count() by user, kind | summarize count(), max(count_)",
    "events | join kind=inner (events | where size > 9990 | project user, big = size) on user "
    "| summarize count(), max(big) by kind",
    "events | join kind=leftanti (events | where kind == 'read' | distinct user) on user | count",
    "events | sort by size desc, seq asc | take 20",
    "events | extend tag = tostring(bag.tag) | summarize count(), sum(toreal(bag.n)) by tag",
    "events | where note has 'zebra' | project seq, note",
    "events | summarize count() by at = bin(todatetime(at), 6h) | sort by at asc",
    "events | mv-expand item = bag.items to typeof(long) | summarize count(), sum(item)",
    "events | project seq, prev = size | sort by seq asc | extend d = prev - prev(prev) | where abs(d) > 9950 | count",
]


def make_data():
    """A store of the sample, and lines of JSON."""
    Run([ARGQL, "import", "--sample", "--store", STORE, "--as", "2026-11-28"]).wait()
    os.makedirs(EVENTS)
    os.makedirs(ROWS)
    rand = random.Random(16)
    with open(f"{EVENTS}/events.ndjson", "w") as out:
        # Enough for several shares: one has 16 MiB.
        for seq in range(150_000):
            row = {
                "seq": seq,
                "kind": rand.choice(["read", "write", "delete", None, "löschen"]),
                "user": f"user{rand.randrange(5000)}",
                "size": rand.randrange(10_000) if rand.random() < 0.95 else None,
                "real": rand.uniform(-1e6, 1e6),
                "at": f"2026-11-{rand.randrange(1, 29):02}T{rand.randrange(24):02}:00:00Z",
                "note": rand.choice(["", "a zebra", "nothing", "x" * rand.randrange(40)]),
                "pad": "." * 220,
                "bag": {"tag": rand.choice("abc"), "n": rand.random(), "items": [rand.randrange(9)] * rand.randrange(4)},
            }
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def data():
    return ["-d", STORE, "-d", EVENTS, "--now", "2026-11-29"]


def ask(query, cluster=None, *more):
    where = ["--cluster", cluster] if cluster else []
    return Run([ARGQL, "query", *data(), *where, "--format", "json", *more, query]).wait()


failures = []


def check(name, holds, said=""):
    print(f"{'ok' if holds else 'WRONG':6} {name}{'' if holds else f': {said}'}", flush=True)
    if not holds:
        failures.append(name)


def three_ways(cluster):
    counts = {"native": 0, "local": 0, "processes": 0}
    for query in QUERIES:
        native = ask(query)
        ways = {"local": ask(query, "local"), "processes": ask(query, cluster.url)}
        counts["native"] += native.code == 0
        for way, run in ways.items():
            holds = native.code == 0 and equal(query, native, run)
            counts[way] += holds
            check(f"{way}: {query[:80]}", holds, native.err + run.err + native.out[:300] + run.out[:300])
    print(f"\n{'':12}{'cases':>8}{'equal':>8}")
    for way, equals in counts.items():
        print(f"{way:12}{len(QUERIES):8}{equals:8}")
    print()


def commands(cluster):
    """The other commands, and what is said beside answers."""
    for argv in (
        ["run", "exempted-recommendations", "--format", "json"],
        ["audit", "--format", "json"],
        ["report", "--format", "markdown"],
        ["query", "--max-rows", "10", "events"],
        ["query", "events | where nothing == 1"],
        ["query", "--format", "csv", "--stream", "events | where size > 9990"],
    ):
        here = Run([ARGQL, *argv, *data()]).wait()
        there = Run([ARGQL, *argv, *data(), "--cluster", cluster.url]).wait()
        fits = (here.code, here.err) == (there.code, there.err)
        fits = fits and (sorted(here.out.split("\n")) == sorted(there.out.split("\n")))
        check(f"as here, with exit code {here.code}: {' '.join(argv)}", fits, there.err + there.out[:500])


# Takes long enough for something to happen, and reads rows of every share twice.
LONG = (
    "events | mv-expand x = range(1, 20) to typeof(long) | extend k = hash(strcat(user, x), 100000) "
    "| summarize n = count(), s = sum(size), u = dcount(note) by k | summarize count(), sum(n), sum(s), sum(u)"
)


def begin(cluster):
    run = Run([ARGQL, "query", *data(), "--cluster", cluster.url, "--format", "json", LONG])
    idle = [executor.busy() for executor in cluster.executors]
    late = time.monotonic() + 60
    while time.monotonic() < late:
        if all(executor.busy() > before + 0.2 for executor, before in zip(cluster.executors, idle)):
            return run
        time.sleep(0.02)
    raise RuntimeError(f"nothing happens: {run.wait().err}")


def executor_dies():
    right = ask(LONG)
    with Cluster(ARGQL) as cluster:
        run = begin(cluster)
        cluster.executors.pop().kill()
        run.wait()
        check(f"an executor dies in the middle: answered after {run.took:.1f} s", run.code == 0 and run.out == right.out,
              f"{run.code} {run.err}{run.out} {right.out}")
        again = ask(LONG, cluster.url)
        check("the one that is left answers", again.out == right.out, again.err)
        run = begin(cluster)
        cluster.executors.pop().kill()
        run.wait()
        check(f"the last executor dies: an error after {run.took:.1f} s", run.code == 2 and "AQ3013" in run.err, run.err)


def scheduler_dies():
    with Cluster(ARGQL) as cluster:
        run = begin(cluster)
        died = time.monotonic()
        cluster.scheduler.kill()
        run.wait()
        took = time.monotonic() - died
        check(f"the scheduler dies: an error {took:.1f} s later", run.code == 2 and took < 10
              and "does not answer any more" in run.err, f"{run.code} {run.err}")
        ends = [executor.process.wait(60) for executor in cluster.executors]
        said = "".join(line for executor in cluster.executors for line in executor.lines[1:])
        check("its executors end", "scheduler" in said and 0 not in ends, f"{ends} {said}")
    gone = ask("resources | count", "df://127.0.0.1:9")
    check(f"no scheduler: an error after {gone.took:.1f} s", gone.code == 2 and gone.took < 10
          and "no scheduler answers at 127.0.0.1:9" in gone.err, gone.err)
    with Cluster(ARGQL, executors=0) as cluster:
        none = ask("resources | count", cluster.url)
        check("no executors: an error", none.code == 2 and "has no executors" in none.err, none.err)


def memory_ends():
    with Cluster(ARGQL, memory="48MiB") as cluster:
        full = ask("events | mv-expand x = range(1, 40) to typeof(long) | summarize make_list(strcat(note, x, user)) by kind",
                   cluster.url)
        check("a stage beyond its memory: an error that names it", full.code == 4 and "stage" in full.err
              and "AQ4003" in full.err, f"{full.code} {full.err} {full.out[:200]}")
        check("no executor is dead", all(executor.alive() for executor in cluster.executors))
        check("the next query is answered", ask("resources | count", cluster.url).code == 0)


def strangers():
    with Cluster(ARGQL) as cluster:
        argv = [OTHER, "cluster", "executor", "--scheduler", cluster.scheduler.address]
        other = Run(argv).wait()
        check(f"an executor of another version: refused after {other.took:.1f} s", other.code == 2
              and "argql 0.0.9" in other.err, f"{other.code} {other.err}")
        other = Run([OTHER, "query", *data(), "--cluster", cluster.url, "resources | count"]).wait()
        check(f"a client of another version: refused after {other.took:.1f} s", other.code == 2
              and "argql 0.0.9" in other.err, f"{other.code} {other.err}")
        check("the others go on", ask("resources | count", cluster.url).code == 0)
    # A path that each process finds something else at.
    here, there = f"{FOLDER}/here", f"{FOLDER}/there"
    for folder, line in ((here, {"a": 1, "b": "x"}), (there, {"a": 1, "c": "x"})):
        os.makedirs(folder)
        with open(f"{folder}/things.ndjson", "w") as out:
            out.write(json.dumps(line) + "\n")
    with Cluster(ARGQL, folder=there) as cluster:
        argv = [ARGQL, "query", "-d", "/proc/self/cwd/things.ndjson", "--cluster", cluster.url, "things"]
        other = Run(argv, folder=here).wait()
        check(f"executors that see other data: refused after {other.took:.1f} s", other.code == 2
              and "AQ3013" in other.err and "executor" in other.err, f"{other.code} {other.err} {other.out}")


def interrupted():
    with Cluster(ARGQL) as cluster:
        run = begin(cluster)
        run.process.send_signal(signal.SIGINT)
        run.wait()
        check("Ctrl-C ends the query", run.code == 130 and "interrupted" in run.err, f"{run.code} {run.err}")
        time.sleep(2)
        before = [executor.busy() for executor in cluster.executors]
        time.sleep(1)
        idle = all(executor.busy() < busy + 0.2 for executor, busy in zip(cluster.executors, before))
        check("and its tasks", idle)
        codes = [part.end() for part in cluster.executors + [cluster.scheduler]]
        check("SIGTERM ends all parts well", codes == [0, 0, 0], codes)


def main():
    make_data()
    try:
        with Cluster(ARGQL) as cluster:
            three_ways(cluster)
            commands(cluster)
        check("no rows are left behind", os.listdir(ROWS) == [], os.listdir(ROWS))
        for part in (executor_dies, scheduler_dies, memory_ends, strangers, interrupted):
            part()
    finally:
        shutil.rmtree(FOLDER)
    if failures:
        sys.exit(f"{len(failures)} wrong")


main()
