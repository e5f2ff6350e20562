#!/usr/bin/env python3
"""The queries of a corpus three ways: natively, on a cluster within the process, and on a scheduler with two executors.

    .ci/cluster/corpus.py --argql target/release/argql --queries corpus.json --data export/ [--every 10]

`--queries` is a JSON array of objects with the text as `kql`, `--data` an export or a store, best of several shares of
16 MiB. Prints what differs and a table at the end; ends with 1 if anything differs. What is refused natively has to be
refused in the same words.
"""

import argparse
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster, Run, equal  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--argql", required=True)
    parser.add_argument("--queries", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--now", default="2026-11-29")
    return parser.parse_args()


def main():
    options = arguments()
    with open(options.queries) as file:
        texts = [entry["kql"] for entry in json.load(file)][:: options.every]
    counts = {way: {"equal": 0, "refused": 0, "different": 0} for way in ("local", "processes")}
    with Cluster(options.argql) as cluster:
        for text in texts:
            command = [options.argql, "query", "-d", options.data, "--missing-tables", "empty", "--now", options.now]
            # Answers are compared in memory: very long ones are refused, three ways.
            command += ["--format", "json", "--quiet", "--max-rows", "100000"]
            native = Run([*command, text]).wait()
            for way, address in (("local", "local"), ("processes", cluster.url)):
                there = Run([*command, "--cluster", address, text]).wait()
                if not equal(text, native, there):
                    outcome = "different"
                    print(f"{way}: {text}\n{native.err}{native.out[:500]}\n{there.err}{there.out[:500]}\n", flush=True)
                else:
                    outcome = "refused" if native.code else "equal"
                counts[way][outcome] += 1
    print(f"{'':12}{'cases':>8}{'equal':>8}{'refused':>9}{'different':>11}")
    for way, count in counts.items():
        print(f"{way:12}{len(texts):8}{count['equal']:8}{count['refused']:9}{count['different']:11}")
    sys.exit(any(count["different"] for count in counts.values()))


main()
