#!/usr/bin/env python3
"""Every golden, and every question of the library, three ways: natively, on a cluster within the process, and on a
scheduler with two executors.

    .ci/cluster/goldens.py ARGQL COMMAND…

COMMAND runs the test `stages`, which prints a table of what was equal, refused and different.
"""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster  # noqa: E402


def main():
    argql, *command = sys.argv[1:]
    with Cluster(argql) as cluster:
        for address in ("local", cluster.url):
            print(f"\n== {address}", flush=True)
            subprocess.run(command, env={**os.environ, "CLUSTER": address}, check=True)


main()
