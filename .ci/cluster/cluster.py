"""A scheduler and executors as processes, for programs that look what becomes of them."""

import json
import math
import os
import re
import signal
import subprocess
import tempfile
import threading
import time


class Part:
    """A process of a cluster, whose first line says that it is ready."""

    def __init__(self, argv, cores=None, folder=None, patience=60):
        pin = (lambda: os.sched_setaffinity(0, cores)) if cores else None
        self.process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, cwd=folder, preexec_fn=pin)
        self.lines = []
        self.ready = threading.Event()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        if not self.ready.wait(patience) or " ready at " not in "".join(self.lines):
            self.process.kill()
            raise RuntimeError(f"{' '.join(argv)}: {''.join(self.lines)}")
        self.address = re.search(r" ready at (?:df://)?([^,; ]+)", self.lines[0]).group(1)

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line)
            self.ready.set()
        self.ready.set()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self, patience=20):
        """Ends it as a system does that goes down, and gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def alive(self):
        return self.process.poll() is None

    def busy(self):
        """Seconds of processor that it took so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Cluster:
    """A scheduler and so many executors."""

    def __init__(self, argql, executors=2, slots=1, memory=None, cores=None, folder=None):
        self.argql = argql
        self.scheduler = Part([argql, "cluster", "scheduler", "--bind", "127.0.0.1:0"])
        self.executors = []
        for number in range(executors):
            self.add(slots, memory, [cores[number]] if cores else None, folder)

    def add(self, slots=1, memory=None, cores=None, folder=None):
        argv = [self.argql, "cluster", "executor", "--scheduler", self.scheduler.address, "--slots", str(slots)]
        self.executors.append(Part(argv + (["--memory", memory] if memory else []), cores, folder))

    @property
    def url(self):
        return f"df://{self.scheduler.address}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for part in self.executors + [self.scheduler]:
            part.end()


class Run:
    """A command with what it said and how long it took."""

    def __init__(self, argv, cores=None, folder=None, patience=600):
        pin = (lambda: os.sched_setaffinity(0, cores)) if cores else None
        self.out = tempfile.TemporaryFile("w+")
        self.err = tempfile.TemporaryFile("w+")
        self.begun = time.monotonic()
        self.patience = patience
        self.process = subprocess.Popen(argv, stdout=self.out, stderr=self.err, cwd=folder, preexec_fn=pin)

    def wait(self):
        self.code = self.process.wait(self.patience)
        self.took = time.monotonic() - self.begun
        for name in ("out", "err"):
            file = getattr(self, name)
            file.seek(0)
            setattr(self, name, file.read())
            file.close()
        return self


def same(one, other):
    """Whether two answers have the same values; sums of reals may be added up in another order."""
    if isinstance(one, float) or isinstance(other, float):
        return one == other or (one is not None and other is not None and math.isclose(one, other, rel_tol=1e-12))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    return one == other


def equal(query, one, other):
    """Whether two runs of a query came to the same: in order if it asks for one, else as sets."""
    if one.code != other.code or (one.code and one.err != other.err):
        return False
    if one.code or one.out == other.out:
        return True
    one, other = json.loads(one.out), json.loads(other.out)
    if not re.search(r"\b(sort|order) by\b|\btop\b", query):
        key = lambda row: json.dumps(row, sort_keys=True)
        one, other = sorted(one, key=key), sorted(other, key=key)
    return same(one, other)
