"""Container engines side by side: Vivarium's daemon, Docker's and podman, each with folders of its own."""

import os
import shutil
import subprocess
import time

from bench import Unusable


def run(command, **options):
    """The finished process; raises with what it said when it fails."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    options.setdefault("stdin", subprocess.DEVNULL)
    result = subprocess.run(command, text=True, timeout=600, **options)
    if result.returncode != 0:
        said = ((result.stderr or "") + (result.stdout or "")).strip().splitlines()
        raise Unusable(f"{' '.join(command[:4])}…: {said[-1] if said else result.returncode}")
    return result


def seconds(command, **options):
    began = time.monotonic()
    run(command, **options)
    return time.monotonic() - began


class Engine:
    """One engine: `command` in front of run, load, build…"""

    name = ""
    command = []
    environment = {}

    def __init__(self):
        self.daemon = None

    def __call__(self, *words, **options):
        return run([*self.command, *words], env={**os.environ, **self.environment}, **options)

    def seconds(self, *words, **options):
        return seconds([*self.command, *words], env={**os.environ, **self.environment}, **options)

    def wait(self, *words):
        """Until the daemon answers."""
        for _ in range(200):
            try:
                return self(*words)
            except (Unusable, OSError):
                if self.daemon and self.daemon.poll() is not None:
                    raise Unusable(f"{self.name}: the daemon ended; see its log")
                time.sleep(0.1)
        raise Unusable(f"{self.name}: the daemon does not answer")

    def stop(self):
        if self.daemon:
            self.daemon.terminate()
            try:
                self.daemon.wait(30)
            except subprocess.TimeoutExpired:
                self.daemon.kill()


class Vivarium(Engine):
    name = "viv"

    def __init__(self, programs, folder):
        super().__init__()
        socket = os.path.join(folder, "run", "vivd.sock")
        self.command = [os.path.join(programs, "viv")]
        self.environment = {"VIV_HOST": f"unix://{socket}"}
        log = open(os.path.join(folder, "vivd.log"), "w")
        self.daemon = subprocess.Popen(
            [os.path.join(programs, "vivd"), "--data", os.path.join(folder, "data"), "--run",
             os.path.join(folder, "run")], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait("system", "info")


class Docker(Engine):
    name = "docker"

    def __init__(self, folder):
        super().__init__()
        if not shutil.which("dockerd"):
            raise Unusable("dockerd is not installed (docker.io)")
        socket = f"unix://{folder}/docker.sock"
        self.command = ["docker", "-H", socket]
        self.environment = {"DOCKER_BUILDKIT": "0"}
        log = open(os.path.join(folder, "dockerd.log"), "w")
        run(["ip", "link", "add", "bench0", "type", "bridge"])
        run(["ip", "address", "add", "172.31.250.1/24", "dev", "bench0"])
        run(["ip", "link", "set", "bench0", "up"])
        self.daemon = subprocess.Popen(
            ["dockerd", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile",
             f"{folder}/pid", "-H", socket, "--bridge", "bench0"],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait("info")


PODMAN = """[containers]
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""


class Podman(Engine):
    name = "podman"

    def __init__(self, folder):
        super().__init__()
        if not shutil.which("podman"):
            raise Unusable("podman is not installed")
        config = os.path.join(folder, "containers.conf")
        with open(config, "w") as file:
            file.write(PODMAN)
        self.environment = {"CONTAINERS_CONF": config}
        self.command = ["podman", "--root", f"{folder}/data", "--runroot", f"{folder}/run"]
        self("info")
