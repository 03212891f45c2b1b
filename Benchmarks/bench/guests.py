"""The guests that are measured: a kernel from Debian, and initramfs images made here.

Everything is fetched by apt into a private root below the cache, as the catalogue of `viv` does, so that the
host's own packages are not touched and every file is checked against Debian's keys.
"""

import glob
import gzip
import lzma
import os
import subprocess

from bench import Unusable

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "vivarium")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
CODENAME = "trixie"
# In the order in which they can be loaded.
MODULES = "virtio_mmio failover net_failover virtio_net virtio_blk".split()
IPERF = "iperf3 libiperf0 libsctp1 libssl3t64 libzstd1 zlib1g libgcc-s1 libc6".split()


class Guest:
    """Paths of the kernel and of initramfs images, `suite` and `io`; `shell` is the catalogue's guest, a kernel
    and its initramfs, or None."""

    def __init__(self, out, arch):
        self.arch = arch
        apt = AptRoot(os.path.join(CACHE, f"bench-{arch.name}"), arch)
        self.kernel, modules = kernel_and_modules(apt)
        shell = [os.path.join(CACHE, "guests", f"busybox-{arch.name}", name) for name in ("kernel", "initrd")]
        self.shell = shell if all(map(os.path.exists, shell)) else None
        busybox = ("bin/busybox", read(apt.find("busybox-static", "usr/bin/busybox")), 0o755)
        init = ("init", read(os.path.join(HERE, "guest-init")), 0o755)
        suite = ("bin/suite", read(os.path.join(out, f"suite.{arch.name}")), 0o755)
        self.suite = os.path.join(out, f"suite-{arch.name}.cpio.gz")
        write_initramfs(self.suite, [init, busybox, suite])
        files = [init, busybox, ("lib/modules/order", " ".join(MODULES).encode(), 0o644)]
        files += [(f"lib/modules/{name}.ko", module(modules, name), 0o644) for name in MODULES]
        self.io = os.path.join(out, f"io-{arch.name}.cpio.gz")
        write_initramfs(self.io, files + iperf_files(apt))


def kernel_and_modules(apt):
    """The catalogue's kernel when `viv` has cached it, else Debian's newest."""
    cached = os.path.join(CACHE, "guests", f"busybox-{apt.arch.name}")
    if os.path.exists(f"{cached}/kernel") and os.path.isdir(f"{cached}/modules"):
        return f"{cached}/kernel", f"{cached}/modules"
    package = apt.kernel_package()
    unpacked = apt.unpack(package)
    return glob.glob(f"{unpacked}/boot/vmlinu[xz]*")[0], f"{unpacked}/usr/lib/modules"


def module(folder, name):
    for path in glob.glob(f"{folder}/**/{name}.ko*", recursive=True):
        return lzma.decompress(read(path)) if path.endswith(".xz") else read(path)
    raise Unusable(f"the kernel's package has no module {name}")


def iperf_files(apt):
    """iperf3 and the shared libraries that it names."""
    files = [("bin/iperf3", read(apt.find("iperf3", "usr/bin/iperf3")), 0o755)]
    for package in IPERF[1:]:
        for path in sorted(glob.glob(f"{apt.unpack(package)}/usr/lib/**/*.so*", recursive=True)):
            name = os.path.basename(path)
            plain = name.split(".so")[0] in NEEDED | {apt.arch.loader} and "/gconv/" not in path
            if plain:
                folder = apt.arch.loader_folder if name.startswith("ld-linux") else f"usr/lib/{apt.arch.triplet}"
                place = f"{folder}/{name}"
                files.append((place, read(os.path.realpath(path)), 0o755))
    return files


NEEDED = {
    "libiperf", "libsctp", "libssl", "libcrypto", "libzstd", "libz", "libgcc_s", "libc", "libm", "libpthread",
}


class AptRoot:
    """A place in which apt works for one architecture without privileges."""

    def __init__(self, path, arch):
        self.path, self.arch = path, arch
        for folder in "lists/partial archives/partial etc/preferences.d etc/apt.conf.d unpacked".split():
            os.makedirs(f"{path}/{folder}", exist_ok=True)
        open(f"{path}/status", "a").close()
        self.environment = dict(os.environ, APT_CONFIG=f"{path}/apt.conf")

    def update(self):
        """Fetches the package lists from the host's own mirror. While that is between two states of the
        release the name `stable` may still work; it is taken only if it is the same release."""
        for suite in (CODENAME, "stable"):
            self.configure(suite)
            done = self.run("apt-get", "-qq", "update", check=False).returncode == 0
            releases = glob.glob(f"{self.path}/lists/*InRelease")
            if done and any(f"\nCodename: {CODENAME}\n".encode() in read(path) for path in releases):
                return
        raise Unusable("cannot fetch Debian's package lists: check the network and the host's apt sources")

    def configure(self, suite):
        path = self.path
        write(f"{path}/sources.list", f"deb [signed-by={KEYRING}] {mirror()} {suite} main\n")
        write(
            f"{path}/apt.conf",
            f'APT::Architecture "{self.arch.debian}"; APT::Architectures {{ "{self.arch.debian}"; }};\n'
            'APT::Sandbox::User "";\n'
            f'Dir::State "{path}"; Dir::State::status "{path}/status"; Dir::State::lists "{path}/lists";\n'
            f'Dir::Cache "{path}"; Dir::Cache::archives "{path}/archives"; Dir::Etc "{path}/etc";\n'
            f'Dir::Etc::SourceList "{path}/sources.list"; Dir::Etc::SourceParts "-";\n'
            'Acquire::Languages "none";\n')

    def run(self, *command, check=True, cwd=None):
        result = subprocess.run(command, env=self.environment, cwd=cwd, capture_output=True, text=True)
        if check and result.returncode != 0:
            raise Unusable(f"{' '.join(command)}: {result.stderr.strip().splitlines()[-1:]}")
        return result

    def kernel_package(self):
        """What the meta-package depends on: the newest kernel, nothing is pinned."""
        marker = f"{self.path}/kernel-package"
        if not os.path.exists(marker):
            self.update()
            text = self.run("apt-cache", "depends", self.arch.kernel).stdout
            names = [line.split()[-1] for line in text.splitlines() if "Depends: linux-image-" in line]
            write(marker, names[0])
        return read(marker).decode()

    def unpack(self, package):
        """The folder that holds the unpacked package; it is downloaded the first time."""
        folder = f"{self.path}/unpacked/{package}"
        if not os.path.isdir(folder):
            if not glob.glob(f"{self.path}/lists/*Packages*"):
                self.update()
            print(f"fetching {package}", flush=True)
            self.run("apt-get", "-qq", "download", package, cwd=f"{self.path}/archives")
            archive = max(glob.glob(f"{self.path}/archives/{package}_*.deb"), key=os.path.getmtime)
            self.run("dpkg-deb", "--extract", archive, folder + ".new")
            os.rename(folder + ".new", folder)
        return folder

    def find(self, package, path):
        return f"{self.unpack(package)}/{path}"


def mirror():
    """The first Debian mirror of the host's apt sources, in either of their formats."""
    if os.environ.get("VIVARIUM_MIRROR"):
        return os.environ["VIVARIUM_MIRROR"]
    files = glob.glob("/etc/apt/sources.list.d/*.sources") + glob.glob("/etc/apt/sources.list.d/*.list")
    for path in files + glob.glob("/etc/apt/sources.list"):
        for line in read(path).decode(errors="replace").splitlines():
            words = line.split("]")[-1].split() if line.startswith("deb ") else line.split()
            words = [word for word in words if word not in ("deb", "URIs:")]
            if line.startswith(("deb ", "URIs:")) and words and words[0].rstrip("/").endswith("/debian"):
                return words[0]
    raise Unusable("no Debian mirror in the host's apt sources: name one in VIVARIUM_MIRROR")


def write_initramfs(path, files):
    """A gzip-compressed newc archive of (name, bytes, mode), with the console device and all folders."""
    folders = {"dev", "proc", "sys", "tmp"}
    for name, _, _ in files:
        parts = name.split("/")[:-1]
        folders.update("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    entries = [(name, b"", 0o040755, (0, 0)) for name in sorted(folders)]
    entries.append(("dev/console", b"", 0o020600, (5, 1)))
    entries += [(name, data, 0o100000 | mode, (0, 0)) for name, data, mode in files]
    entries.append(("TRAILER!!!", b"", 0, (0, 0)))
    with gzip.GzipFile(path, "wb", 6, mtime=0) as archive:
        for number, (name, data, mode, device) in enumerate(entries, 1):
            fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
            head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
            archive.write(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
