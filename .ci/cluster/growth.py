#!/usr/bin/env python3
"""What a second executor brings, what distribution costs, and what many would do.

    .ci/cluster/growth.py --argql target/release/argql --data tenants/ --queries queries/ [--runs 3] [--json out.json]

`--data` is a folder with a store or an export for each tenant, `--queries` one with the .kql files to ask; three
questions of the library are asked, too. Every process is pinned: one executor with scheduler and client to the first core,
then an executor to each core with scheduler and client on both, then a single process on both: the second cluster has twice
what the first one has. With `--apart` scheduler and client of the first one have the second core to themselves, which they
then share with the second executor. Runs are interleaved, medians are printed, and the answers must be the same.

Then a simulation: each stage's time and bytes as measured, on as many executors and tenants as `--executors` and
`--tenants` say. Its assumptions:

* A stage that reads tables has its work grow with the tenants, and its tasks share it evenly: files can be cut anywhere.
* What it sends grows with the tenants, too (`most`), or with the tasks alone, as groups do that all tenants have (`least`).
* A stage that reads rows of others has as much work for each byte as it had here; if it ran in one partition, it does so
  there. Rows go out and come in at `--network` bytes a second for each executor, compressed as much as here.
* Stages run one after the other; a task costs `--task` seconds of scheduling, as many at a time as there are executors.
"""

import argparse
import json
import math
import os
import re
import statistics
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster, Run  # noqa: E402

LIBRARY = ["exempted-recommendations", "coverage-by-subscription", "duplicates-exact"]
STAGE = re.compile(r"stage (\d+) \((.*)\): (\d+) tasks, ([\d.]+) s of work, ([\d,]+) rows, ([\d.]+) (\w+)")
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--argql", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--queries", required=True)
    parser.add_argument("--library", nargs="*", default=LIBRARY)
    parser.add_argument("--cores", nargs=2, type=int, default=[0, 1])
    parser.add_argument("--apart", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--now", default="2026-11-29")
    parser.add_argument("--memory", default="8GiB")
    parser.add_argument("--executors", type=int, default=100)
    parser.add_argument("--tenants", type=int, default=10_000)
    parser.add_argument("--network", type=float, default=1e9)
    parser.add_argument("--task", type=float, default=0.01)
    parser.add_argument("--json")
    return parser.parse_args()


def ask(options, question, cores, cluster=None):
    where = ["--cluster", cluster.url, "--progress=always"] if cluster else ["--memory", options.memory]
    argv = [options.argql, *question, "-d", options.data, "--now", options.now, "--format", "ndjson", *where]
    run = Run(argv, cores=cores, patience=3600).wait()
    if run.code:
        sys.exit(f"{' '.join(argv)}: {run.err}")
    return run


def stages_of(run):
    found = {}
    for number, about, tasks, busy, rows, size, unit in STAGE.findall(run.err):
        found[int(number)] = {
            "about": about,
            "tasks": int(tasks),
            "busy": float(busy),
            "rows": int(rows.replace(",", "")),
            "bytes": float(size) * UNITS[unit],
        }
    return [found[number] for number in sorted(found)]


def measure(options, name, question):
    first, second = options.cores
    times, stages, answers = {"one": [], "two": [], "native": []}, [], {}
    for _ in range(options.runs):
        for way in times:
            if way == "native":
                run = ask(options, question, [first, second])
            elif way == "one":
                client = second if options.apart else first
                with Cluster(options.argql, 1, 1, options.memory, cores=[first]) as cluster:
                    run = ask(options, question, [client], cluster)
            else:
                with Cluster(options.argql, 2, 1, options.memory, cores=[first, second]) as cluster:
                    run = ask(options, question, [first, second], cluster)
                    stages = stages_of(run)
            times[way].append(run.took)
            answers[way] = sorted(run.out.split("\n"))
    best = {way: statistics.median(took) for way, took in times.items()}
    result = {
        "name": name,
        "times": times,
        **best,
        "speedup": best["one"] / best["two"],
        "price": best["two"] / best["native"],
        "same": answers["one"] == answers["two"] == answers["native"],
        "stages": stages,
    }
    print(
        f"{name:28}{best['one']:9.2f}{best['two']:9.2f}{best['native']:9.2f}{result['speedup']:9.2f}"
        f"{result['price']:8.2f}  {'same' if result['same'] else 'OTHER ROWS'}",
        flush=True,
    )
    return result


def simulate(options, result, tenants_here):
    """Seconds of each stage with so many executors and tenants, at the least and at the most."""
    growth = options.tenants / tenants_here
    sums = []
    for bound in ("least", "most"):
        shown = []
        sent_before = rows_growth = None
        for stage in result["stages"]:
            reads = "scan" in stage["about"]
            partitions = 1 if stage["tasks"] == 1 else max(stage["tasks"], 2 * options.executors)
            at_once = min(partitions, options.executors)
            more_tasks = partitions / max(stage["tasks"], 1)
            # How much more comes out of what reads, and so into what follows.
            if reads or rows_growth is None:
                work = stage["busy"] * growth
                rows_growth = growth if bound == "most" else more_tasks
            else:
                work = stage["busy"] * rows_growth
            arriving = 0 if sent_before is None else sent_before / min(at_once, options.executors) / options.network
            sent_before = stage["bytes"] * rows_growth
            leaving = sent_before / at_once / options.network
            waves = math.ceil(partitions / options.executors)
            shown.append(work / at_once + arriving + leaving + waves * options.task)
        sums.append(shown)
    least, most = sums
    for number, stage in enumerate(result["stages"]):
        print(
            f"  stage {number:<2} {stage['about'][:46]:46} {stage['tasks']:4} tasks {stage['busy']:8.2f} s "
            f"{stage['bytes'] / 2**20:9.1f} MiB   {least[number]:9.1f} … {most[number]:9.1f} s"
        )
    if most:
        slowest = max(range(len(most)), key=most.__getitem__)
        print(f"  together {sum(least):.1f} … {sum(most):.1f} s; most of it in stage {slowest} "
              f"({100 * most[slowest] / sum(most):.0f}%)")


def main():
    options = arguments()
    questions = [
        (name, ["query", "-f", os.path.join(options.queries, name)])
        for name in sorted(os.listdir(options.queries))
        if name.endswith(".kql")
    ] + [(name, ["run", name]) for name in options.library]
    tenants = sum(entry.is_dir() for entry in os.scandir(options.data)) or 1
    print(f"{tenants} tenants, seconds, medians of {options.runs}; speed-up = one / two, price = two / native\n")
    print(f"{'':28}{'one':>9}{'two':>9}{'native':>9}{'speed-up':>9}{'price':>8}")
    results = [measure(options, name, question) for name, question in questions]
    print(f"\n{options.tenants:,} tenants on {options.executors} executors of one core, by these stages:\n")
    for result in results:
        print(result["name"])
        simulate(options, result, tenants)
    if options.json:
        with open(options.json, "w") as out:
            json.dump(results, out, indent=1)
    if not all(result["same"] for result in results):
        sys.exit("answers differ")


main()
