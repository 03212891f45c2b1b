"""The machines that are compared: one command line each, and a session on its console."""

import os
import shutil
import signal
import subprocess
import threading
import time

from bench import Unusable

APPEND = "console=ttyS0 quiet"


class Machine:
    """How one emulator is started. `command` takes what every measurement may vary."""

    def __init__(self, name):
        self.name = name

    def command(self, kernel, initrd, append, cpus=1, memory=512, disk=None, network=False):
        raise NotImplementedError

    def boot(self, *arguments, **options):
        return Session(self.command(*arguments, **options), self)


class QEMU(Machine):
    """The peer: Debian's, with the firmware that it brings."""

    def __init__(self, arch, program=None):
        super().__init__("QEMU")
        self.arch = arch
        self.program = shutil.which(program or arch.qemu)
        if not self.program:
            raise Unusable(f"{program or arch.qemu} is not there: apt-get install {arch.package} (or make bench)")
        self.version = subprocess.run(
            [self.program, "--version"], capture_output=True, text=True).stdout.splitlines()[0]

    def command(self, kernel, initrd, append, cpus=1, memory=512, disk=None, network=False):
        words = [self.program, *self.arch.board, "-m", str(memory), "-smp", str(cpus), "-nographic"]
        words += ["-accel", "tcg", "-kernel", kernel, "-initrd", initrd, "-append", append + self.arch.append]
        if disk:
            words += ["-drive", f"file={disk},if=none,id=disk,format=raw,cache=writeback"]
            words += ["-device", f"virtio-blk-{self.arch.transport},drive=disk"]
        if network:
            return words + ["-netdev", "user,id=net", "-device", f"virtio-net-{self.arch.transport},netdev=net"]
        return words + ["-nic", "none"]

    def process(self, session):
        return session.process.pid


class Vivarium(Machine):
    """Ours: `viv` beside `viv-machine`, from a release build."""

    def __init__(self, arch, program, accel=None):
        super().__init__("viv")
        self.arch, self.program, self.accel = arch, program, accel
        if not os.access(program, os.X_OK):
            raise Unusable(f"{program} is not there: swift build -c release")
        self.version = os.path.basename(program)

    def command(self, kernel, initrd, append, cpus=1, memory=512, disk=None, network=False, json=False):
        words = [self.program, "boot", "--arch", self.arch.name, "--cpus", str(cpus), "--memory", f"{memory}M"]
        words += ["--kernel", kernel, "--initrd", initrd, "--append", append + self.arch.append]
        words += ["--net", "user" if network else "none"]
        words += ["--disk", disk] if disk else []
        words += ["--accel", self.accel] if self.accel else []
        return words + (["--json"] if json else [])

    def process(self, session):
        """The machine's process: the child of `viv`."""
        pid = session.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            pids = children.read().split()
        return int(pids[0]) if pids else pid


class Session:
    """A running machine, its console read by a thread so that answers carry the time they came at."""

    def __init__(self, command, machine):
        self.machine = machine
        self.text = b""
        self.seen = 0
        self.changed = threading.Condition()
        self.ended = False
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while data := os.read(self.process.stdout.fileno(), 65536):
            with self.changed:
                self.text += data
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def expect(self, wanted, seconds):
        """The text up to and with `wanted`, and the seconds since the start at which it came."""
        limit = time.monotonic() + seconds
        with self.changed:
            while (at := self.text.find(wanted, self.seen)) < 0:
                left = limit - time.monotonic()
                if self.ended or left <= 0:
                    why = "ended" if self.ended else f"gave nothing like it in {seconds:.0f} s"
                    tail = self.text[-400:].decode(errors="replace").strip()
                    raise Unusable(f"{self.machine.name} {why} before {wanted!r}; its last words:\n{tail}")
                self.changed.wait(left)
            came = time.monotonic() - self.begun
            text = self.text[self.seen:at + len(wanted)]
            self.seen = at + len(wanted)
            return text.replace(b"\r", b"").decode(errors="replace"), came

    def lines(self, seconds):
        """Lines of the console with the seconds at which they came, until the machine ends."""
        limit = time.monotonic() + seconds
        while True:
            try:
                line, came = self.expect(b"\n", limit - time.monotonic())
            except Unusable:
                if self.ended:
                    return
                raise
            yield line.rstrip("\n"), came

    def shell(self, command, prompt=b"BENCH-PROMPT ", seconds=300):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        return self.expect(prompt, seconds)[0]

    def close(self):
        """Ends what is still running of this session."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process.stdin.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
