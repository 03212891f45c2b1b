/// The shell scripts inside the built-in guests' initramfs.
enum InitScripts {
    static let files = [
        ("init", start), ("sbin/modprobe", modprobe), ("etc/udhcpc", lease), ("etc/install", install),
    ]

    /// Loads drivers, brings the network up, then does the task of the kernel command line.
    private static let start = """
        #!/bin/sh
        export PATH=/bin HOME=/root TERM=${TERM:-vt100}
        /bin/busybox --install -s /bin
        mount -t proc proc /proc
        mount -t sysfs sysfs /sys
        mount -t devtmpfs devtmpfs /dev
        mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
        for module in $(cat /lib/modules/devices); do insmod /lib/modules/$module.ko; done

        task=shell
        for word in $(cat /proc/cmdline); do
            case $word in vivarium=*) task=${word#vivarium=} ;; esac
        done

        case $task in
        disk)
            mount -t ext4 /dev/vda /mnt && {
                umount /dev/pts
                exec switch_root /mnt /sbin/init
            }
            echo "The system on the first disk cannot be started; here is a shell."
            ;;
        install)
            sh /etc/install && echo "VIVARIUM: INSTALLED" || echo "VIVARIUM: INSTALLATION FAILED"
            sync
            poweroff -f
            ;;
        esac

        hostname vivarium
        ip link set lo up
        if [ -d /sys/class/net/eth0 ]; then
            ip link set eth0 up
            udhcpc -i eth0 -s /etc/udhcpc -q -n -t 5 -T 1 >/dev/null 2>&1 || echo "No answer to DHCP on eth0."
        fi
        cd /root
        echo
        echo "A small Linux with busybox. Leave the shell, or type 'poweroff', to power down."
        # busybox's poweroff, halt and reboot send these signals to process 1.
        trap 'sync; poweroff -f' USR1 USR2
        trap 'sync; reboot -f' TERM
        # A session with its own terminal has job control. Traps run only while this script waits.
        setsid cttyhack sh -l &
        wait $!
        sync
        poweroff -f

        """

    /// Called by the kernel when somebody mounts a file system that it does not know yet. ext4 is most of
    /// all modules' size, and a guest without a disk starts faster without it.
    private static let modprobe = """
        #!/bin/sh
        case $* in
        *fs-ext*) for module in $(cat /lib/modules/filesystems); do insmod /lib/modules/$module.ko; done ;;
        esac

        """

    /// Called by udhcpc with what the DHCP server has offered.
    private static let lease = """
        #!/bin/sh
        case $1 in
        bound | renew)
            ip addr flush dev $interface
            ip addr add $ip/${mask:-24} dev $interface
            [ -n "$router" ] && ip route replace default via ${router%% *}
            : >/etc/resolv.conf
            for server in $dns; do echo "nameserver $server" >>/etc/resolv.conf; done
            ;;
        esac

        """

    /// Makes Debian on the first disk from the packages in its folder `/packages`: essential ones are
    /// unpacked first, so that dpkg can run from the disk and install them all properly.
    private static let install = """
        #!/bin/sh
        set -e
        mount -t ext4 /dev/vda /mnt
        chown 0:0 /mnt
        for package in $(cat /mnt/packages/essential); do
            echo "unpacking $package"
            dpkg-deb -x /mnt/packages/$package /mnt
        done
        [ -d /mnt/lib/modules ] && chown -R 0:0 /mnt/lib/modules
        mount -t proc proc /mnt/proc
        mount -t sysfs sysfs /mnt/sys
        mount -t devtmpfs devtmpfs /mnt/dev
        mkdir -p /mnt/dev/pts && mount -t devpts devpts /mnt/dev/pts
        mount -t tmpfs tmpfs /mnt/run
        chroot /mnt /bin/sh /packages/install
        umount /mnt/run /mnt/dev/pts /mnt/dev /mnt/sys /mnt/proc
        rm -rf /mnt/packages
        sync
        umount /mnt

        """
}
