"""What is measured of the whole machine: start, disk, network, memory."""

import json
import os
import re
import socket
import subprocess
import time

from bench import Unusable
from bench.machines import APPEND

PROMPT = b"BENCH-PROMPT "
MEGABYTES = 256


def start_to_prompt(machine, guest):
    """Seconds from exec to the shell's prompt: the catalogue's busybox guest where it is cached."""
    if guest.shell:
        (kernel, initrd), append, prompt = guest.shell, "console=ttyS0 vivarium=shell", b" # "
    else:
        kernel, initrd, append, prompt = guest.kernel, guest.io, "console=ttyS0 bench=io", PROMPT
    with machine.boot(kernel, initrd, append, network=True) as session:
        return session.expect(prompt, 300)[1]


def machine_start(viv, guest):
    """Seconds from the exec of `viv-machine` to its first guest instruction, as its event says."""
    command = viv.command(guest.kernel, guest.suite, APPEND, json=True)
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        for line in process.stdout:
            event = json.loads(line)
            if event.get("event") == "started":
                return event["seconds"]
    finally:
        process.terminate()
        process.communicate()
    raise Unusable("viv gave no 'started' event")


def disk(machine, guest, path):
    """MB/s of writing (with a flush at the end) and of reading, by dd in the guest."""
    with open(path, "wb") as image:
        image.truncate((MEGABYTES + 16) << 20)
    try:
        with machine.boot(guest.kernel, guest.io, f"{APPEND} bench=io", disk=path) as session:
            session.expect(PROMPT, 300)
            write = session.shell(f"time dd if=/dev/zero of=/dev/vda bs=1M count={MEGABYTES} conv=fsync")
            session.shell("echo 3 >/proc/sys/vm/drop_caches")
            read = session.shell(f"time dd if=/dev/vda of=/dev/null bs=1M count={MEGABYTES}")
    finally:
        os.unlink(path)
    return tuple(dd_rate(machine, text) for text in (write, read))


def dd_rate(machine, text):
    found = re.search(r"real\s+(\d+)m\s*([\d.]+)s", text)
    if not found or f"{MEGABYTES}+0 records out" not in text:
        raise Unusable(f"dd failed on {machine.name}: {text.strip()}")
    return MEGABYTES * 1.048576 / max(60 * int(found[1]) + float(found[2]), 0.01)


def network(machine, guest, seconds=5):
    """Mbit/s from the guest to the host and back, by iperf3 over the user-mode network."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        ["iperf3", "-s", "-B", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        with machine.boot(guest.kernel, guest.io, f"{APPEND} bench=io", network=True) as session:
            session.expect(PROMPT, 300)
            time.sleep(1)
            client = f"iperf3 -c 10.0.2.2 -p {port} -t {seconds} -f m"
            return tuple(iperf_rate(machine, session.shell(client + way)) for way in ("", " -R"))
    finally:
        server.terminate()
        server.wait()


def iperf_rate(machine, text):
    found = re.search(r"([\d.]+) Mbits/sec\s+receiver", text)
    if not found:
        raise Unusable(f"iperf3 failed on {machine.name}: {text.strip()[-300:]}")
    return float(found[1])


def overhead(machine, guest, cpus=1, memory=512):
    """Resident megabytes of the machine's process beyond the guest's RAM, at the shell's prompt."""
    with machine.boot(guest.kernel, guest.io, f"{APPEND} bench=io", cpus=cpus, memory=memory) as session:
        session.expect(PROMPT, 300)
        time.sleep(1)
        return beyond_ram(machine.process(session), memory << 20) / 1e6


def beyond_ram(pid, memory):
    """Resident bytes of all mappings but the run of adjoining ones that makes up guest RAM."""
    areas = []
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as smaps:
        for line in smaps:
            if head := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
                areas.append([int(head[1], 16), int(head[2], 16), 0])
            elif line.startswith("Rss:"):
                areas[-1][2] = int(line.split()[1]) << 10
    for first, (start, end, _) in enumerate(areas):
        last = first
        while end - start < memory and last + 1 < len(areas) and areas[last + 1][0] == end:
            last += 1
            end = areas[last][1]
        if end - start == memory:
            return sum(area[2] for area in areas[:first] + areas[last + 1:])
    raise Unusable("no mapping of the size of guest RAM: cannot tell what else is resident")
