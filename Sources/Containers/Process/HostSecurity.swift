import Glibc

/// Which security modules the host's kernel enforces.
enum HostSecurity {
    static var hasAppArmor: Bool {
        CgroupFile.text("/sys/module/apparmor/parameters", "enabled") == "Y"
            && access("/sys/kernel/security/apparmor", F_OK) == 0
    }

    static var hasSELinux: Bool { access("/sys/fs/selinux/enforce", F_OK) == 0 }
}
