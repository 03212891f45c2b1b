"""Images to measure with: made here, as `docker save` writes them, so that every engine can load them."""

import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import tarfile

FOLDERS = 20


def add(archive, name, data=b"", mode=0o644, kind=tarfile.REGTYPE, target=""):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.type, entry.linkname = len(data), mode, kind, target
    archive.addfile(entry, io.BytesIO(data))


def busybox():
    """A root of Debian's static busybox and its most used names."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        add(archive, "bin", mode=0o755, kind=tarfile.DIRTYPE)
        add(archive, "tmp", mode=0o1777, kind=tarfile.DIRTYPE)
        with open("/bin/busybox", "rb") as program:
            add(archive, "bin/busybox", program.read(), 0o755)
        for name in ("sh", "true", "sleep", "cat", "echo", "ls", "mkdir", "cp", "nc"):
            add(archive, f"bin/{name}", kind=tarfile.SYMTYPE, target="busybox")
    return buffer.getvalue()


def with_program(path):
    """A root that has one dynamic program of the host, with its libraries."""
    buffer = io.BytesIO()
    listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    files = {path} | {word for word in listed.split() if word.startswith("/")}
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        add(archive, "tmp", mode=0o1777, kind=tarfile.DIRTYPE)
        for file in sorted(files):
            with open(file, "rb") as source:
                add(archive, file.lstrip("/"), source.read(), 0o755)
        if path != "/usr/bin/iperf3":
            return buffer.getvalue()
        with open("/bin/busybox", "rb") as program:
            add(archive, "bin/sleep", program.read(), 0o755)
    return buffer.getvalue()


def filler(seed, megabytes):
    """A layer of files that compress as programs do, about two to one."""
    source = random.Random(seed)
    words = [source.randbytes(source.randrange(4, 24)) for _ in range(4096)]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        left = megabytes << 20
        number = 0
        while left > 0:
            size = min(left, source.choice((600, 4000, 20_000, 150_000)))
            data = b"".join(source.choices(words, k=size // 12 + 1))[:size]
            folder = f"usr/share/layer{seed}/{number % FOLDERS}"
            if number < FOLDERS:
                add(archive, folder, mode=0o755, kind=tarfile.DIRTYPE)
            add(archive, f"{folder}/file{number}", data)
            left -= size
            number += 1
    return buffer.getvalue()


def save(path, name, layers, command):
    """Writes `layers` (tar archives) as an image of `docker save`'s format."""
    digests = [hashlib.sha256(layer).hexdigest() for layer in layers]
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "config": {"Cmd": command, "Env": ["PATH=/bin:/usr/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        "history": [{"created_by": "bench"} for _ in layers],
    }).encode()
    identity = hashlib.sha256(config).hexdigest()
    manifest = [{
        "Config": f"{identity}.json", "RepoTags": [name],
        "Layers": [f"{digest}/layer.tar" for digest in digests],
    }]
    with tarfile.open(path + ".part", "w") as archive:
        add(archive, f"{identity}.json", config)
        for digest, layer in zip(digests, layers):
            add(archive, f"{digest}", mode=0o755, kind=tarfile.DIRTYPE)
            add(archive, f"{digest}/VERSION", b"1.0")
            add(archive, f"{digest}/json", json.dumps({"id": digest}).encode())
            add(archive, f"{digest}/layer.tar", layer)
        add(archive, "manifest.json", json.dumps(manifest).encode())
    os.replace(path + ".part", path)


def bundle(folder, root):
    """An OCI bundle of `root` whose process ends at once; rlimits and such are left to the runtimes."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "rootfs"))
    with tarfile.open(fileobj=io.BytesIO(root)) as archive:
        archive.extractall(os.path.join(folder, "rootfs"))
    subprocess.run(["runc", "spec"], cwd=folder, check=True)
    path = os.path.join(folder, "config.json")
    with open(path) as file:
        spec = json.load(file)
    spec["process"]["terminal"] = False
    spec["process"]["args"] = ["/bin/true"]
    spec["process"].pop("rlimits", None)
    with open(path, "w") as file:
        json.dump(spec, file)
