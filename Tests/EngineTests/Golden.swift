/// Files that must not change by accident.
enum Golden {
    static let bundle =
        #"{"annotations":{"org.vivarium.defaults":"process.rlimits.RLIMIT_NOFILE"},"hostname":"web-host","#
        + #""linux":{"cgroupsPath":"/vivarium/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","#
        + #""maskedPaths":[],"namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},"#
        + #"{"type":"mount"},{"type":"cgroup"}],"readonlyPaths":[],"resources":{}},"mounts":[{"destination":"/","#
        + #""options":["lowerdir=/l2:/l1","upperdir=/data/c/upper","workdir=/data/c/work","index=off","metacopy=off"],"#
        + #""source":"overlay","type":"overlay"},{"destination":"/etc/hosts","options":["rbind","rprivate"],"#
        + #""source":"/data/c/hosts","type":"bind"},{"destination":"/data","options":["rbind","rw","rprivate"],"#
        + #""source":"/v","type":"bind"}],"ociVersion":"1.2.0","process":{"args":["sh","-c","true"],"#
        + #""capabilities":{"bounding":[],"effective":[],"permitted":[]},"cwd":"/","#
        + #""env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","HOSTNAME=web-host","A=1","#
        + #""HOME=/"],"#
        + #""user":{"additionalGids":[0],"gid":0,"uid":0}},"root":{"path":"/data/c/rootfs"}}"#
}
