"""The benchmark programs: run on this host and in the guests by turns, digests held against the host's."""

import subprocess
from statistics import geometric_mean, median

from bench import Unusable
from bench.machines import APPEND

GROUPS = {"int": "integer", "fp": "floating point", "mem": "memory", "sys": "system", "smp": "threads"}
# A guest must finish one repetition within this many seconds.
LIMIT = 900


class Result:
    """Times and digests of one place, by benchmark."""

    def __init__(self, name):
        self.name = name
        self.times = {}
        self.digests = {}
        # Seconds of the host's clock between a benchmark's begin and its result.
        self.spans = {}

    def add(self, line):
        name, nanoseconds, digest = line.split()
        self.times.setdefault(name, []).append(float(nanoseconds))
        self.digests.setdefault(name, set()).add(digest)

    def time(self, name):
        return median(self.times[name]) if self.times.get(name) else None


def native(program, prefixes, result):
    output = subprocess.run([program, "-r", "1", *prefixes], capture_output=True, text=True, check=True)
    for line in output.stdout.splitlines():
        result.add(line)


def guest(machine, kernel, initrd, prefixes, result, cpus=1, reps=1):
    """Runs in a machine, `reps` times in a row."""
    append = f"{APPEND} bench=suite suite.reps={reps} suite.args={','.join(prefixes)}"
    finished, begun = False, None
    with machine.boot(kernel, initrd, append, cpus=cpus) as session:
        for line, came in session.lines(LIMIT):
            if line.startswith("@begin "):
                begun = came
            elif line.split(".")[0] in GROUPS and len(line.split()) == 3:
                result.add(line)
                result.spans.setdefault(line.split()[0], []).append(came - begun)
            elif line.startswith("SUITE-END"):
                finished = True
    if not finished:
        raise Unusable(f"{machine.name} ended before the suite did")


def clock_ratio(result, reference, names):
    """How fast the guest's clock runs against the host's: with honest clocks both slow-downs against the
    reference agree, so that their ratio is one. Short benchmarks are left out."""
    ratios = []
    for name in names:
        spans, times = result.spans.get(name), result.times.get(name)
        other, base = reference.spans.get(name), reference.times.get(name)
        if spans and other and min(min(spans), min(other)) > 0.2:
            ratios.append((median(times) / median(base)) / (median(spans) / median(other)))
    return geometric_mean(ratios) if ratios else None


def groups(names):
    """Group → its members, in the suite's order."""
    found = {}
    for name in names:
        found.setdefault(name.split(".")[0], []).append(name)
    return found


def ratio_mean(above, below, names):
    """Geometric mean of above's times over below's, over the members that both have."""
    pairs = [(above.time(name), below.time(name)) for name in names]
    ratios = [a / b for a, b in pairs if a and b]
    return geometric_mean(ratios) if ratios else None


def wrong_digests(result, reference):
    """Benchmarks whose digest is not the host's, in any repetition."""
    return [
        name for name, digests in result.digests.items()
        if name in reference.digests and digests != reference.digests[name]
    ]
