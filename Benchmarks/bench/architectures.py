"""The guests' architectures: what differs between them in building guests and in starting the peer."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Bars:
    """What has to be reached. Groups: how many times faster than QEMU, the geometric mean and each member."""

    groups: dict
    # The share of QEMU's time from exec to the shell's prompt.
    start: float
    # How much faster two harts are than one; None: one hart only is measured.
    scaling: float | None = None
    # Megabytes resident beyond guest RAM, for one hart and for each further one.
    resident: float | None = None
    hart: float | None = None


@dataclass(frozen=True)
class Architecture:
    """One kind of guest, as `viv boot --arch` and compilers name it."""

    name: str
    # Debian's name, and the package that depends on its newest kernel.
    debian: str
    kernel: str
    # QEMU's program, its package, its board and what virtio devices end in there.
    qemu: str
    package: str
    board: tuple
    transport: str
    # The dynamic loader and the folder that programs name it in.
    loader: str
    loader_folder: str
    bars: Bars
    # What its kernels are told besides.
    append: str = field(default="")

    @property
    def triplet(self):
        return f"{self.name}-linux-gnu"


RISCV64 = Architecture(
    name="riscv64", debian="riscv64", kernel="linux-image-riscv64",
    qemu="qemu-system-riscv64", package="qemu-system-misc opensbi", board=("-M", "virt"), transport="device",
    loader="ld-linux-riscv64-lp64d", loader_folder="lib",
    bars=Bars({"int": (2.2, 1), "fp": (8, 3), "mem": (2.5, 1), "sys": (2, 1), "smp": (None, 1)}, start=0.6,
              scaling=1.7, resident=48, hart=12))

# There is nothing to mitigate in processors that do not speculate: neither machine is held up by it.
X86_64 = Architecture(
    name="x86_64", debian="amd64", kernel="linux-image-cloud-amd64",
    qemu="qemu-system-x86_64", package="qemu-system-x86", board=("-M", "pc", "-cpu", "max"), transport="pci",
    loader="ld-linux-x86-64", loader_folder="lib64", append=" mitigations=off",
    bars=Bars({"int": (3.5, 1), "fp": (10, 1), "mem": (3, 1), "sys": (2, 1), "smp": (None, 1)}, start=0.5))

ARCHITECTURES = {arch.name: arch for arch in (RISCV64, X86_64)}
