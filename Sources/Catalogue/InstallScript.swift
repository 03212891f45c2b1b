/// The script that runs on Debian's own disk, inside the machine, and turns packages into a system.
enum InstallScript {
    /// - Parameter mirror: where the guest's own apt looks for packages.
    static func text(_ release: DebianRelease, mirror: String) -> String {
        """
        #!/bin/sh
        set -e
        export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
        export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true DPKG_COLORS=never
        cd /packages
        # Essential packages assume each other, and unpacking may precede the configuration of what a
        # package needs: dpkg may not ask for an order.
        echo "installing essential packages"
        dpkg --force-depends --force-unsafe-io --install $(cat essential)
        echo "installing all other packages"
        dpkg --force-depends --force-unsafe-io --unpack $(cat others)
        dpkg --force-unsafe-io --configure --pending
        depmod -a "$(uname -r)"

        echo vivarium >/etc/hostname
        printf '127.0.0.1 localhost\\n127.0.1.1 vivarium\\n::1 localhost\\n' >/etc/hosts
        echo 'LABEL=vivarium / ext4 errors=remount-ro 0 1' >/etc/fstab
        printf 'nameserver 10.0.2.3\\n' >/etc/resolv.conf
        printf '[Match]\\nType=ether\\n[Network]\\nDHCP=yes\\n' >/etc/systemd/network/80-ethernet.network
        printf 'deb \(mirror) \(release.codename) main\\n' >/etc/apt/sources.list
        systemctl enable systemd-networkd.service
        systemctl disable systemd-networkd-wait-online.service
        # The terminal shows both consoles: one prompt is enough.
        systemctl mask serial-getty@hvc0.service
        # Nobody but the owner of this machine reaches its console.
        passwd --delete root
        : >/etc/machine-id
        printf 'Debian GNU/Linux \(release.number) \\\\n \\\\l\\nLog in as root, without a password.\\n\\n' >/etc/issue

        """
    }
}
