import Model

/// What `GET /info` shows.
enum InfoShape {
    static func json(_ info: SystemInfo, _ configuration: DaemonConfiguration) -> JSON {
        counts(info).adding(abilities(info)).adding(host(info)).adding(registries(configuration)).adding([
            "LiveRestoreEnabled": true, "Isolation": "", "InitBinary": "viv-container",
            "SecurityOptions": .strings(info.securityOptions), "ProductLicense": "",
            "Warnings": .slice(info.warnings), "CDISpecDirs": .null,
        ])
    }

    private static func counts(_ info: SystemInfo) -> JSON {
        [
            "ID": .string(info.id), "Containers": .int(info.instances),
            "ContainersRunning": .int(info.running), "ContainersPaused": .int(info.paused),
            "ContainersStopped": .int(info.stopped), "Images": .int(info.images),
            "Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "overlayfs"]],
            "Plugins": [
                "Volume": ["local"], "Network": ["bridge", "host", "null"], "Authorization": .null,
                "Log": ["json-file", "local", "none"],
            ],
        ]
    }

    private static func abilities(_ info: SystemInfo) -> JSON {
        let yes = [
            "MemoryLimit", "SwapLimit", "CpuCfsPeriod", "CpuCfsQuota", "CPUShares", "CPUSet", "PidsLimit",
            "IPv4Forwarding", "OomKillDisable",
        ]
        return JSON.object(yes.map { JSON.Field(name: $0, value: true) }).adding([
            "BridgeNfIptables": false, "BridgeNfIp6tables": false, "Debug": false, "NFd": 0,
            "NGoroutines": 0, "SystemTime": .string(Timestamp.text(Clock.now)), "LoggingDriver": "json-file",
            "CgroupDriver": "cgroupfs", "CgroupVersion": .string(String(info.cgroupVersion)),
            "NEventsListener": 0,
        ])
    }

    private static func host(_ info: SystemInfo) -> JSON {
        [
            "KernelVersion": .string(info.kernel), "OperatingSystem": .string(info.operatingSystem),
            "OSVersion": "", "OSType": "linux", "Architecture": .string(info.architecture),
            "NCPU": .int(info.cpus), "MemTotal": .int(info.memory),
            "DockerRootDir": .string(info.dataFolder), "Name": .string(info.name), "Labels": [],
            "ExperimentalBuild": false, "ServerVersion": .string(Build.version),
            "Runtimes": ["viv-container": ["path": "viv-container"]], "DefaultRuntime": "viv-container",
            "Swarm": [
                "NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": false,
                "Error": "", "RemoteManagers": .null,
            ],
        ]
    }

    private static func registries(_ configuration: DaemonConfiguration) -> JSON {
        let insecure = configuration.insecureRegistries.map { name -> JSON.Field in
            JSON.Field(
                name: name,
                value: ["Name": .string(name), "Mirrors": [], "Secure": false, "Official": false])
        }
        let official = JSON.Field(
            name: "docker.io",
            value: ["Name": "docker.io", "Mirrors": [], "Secure": true, "Official": true])
        return [
            "IndexServerAddress": "https://index.docker.io/v1/",
            "RegistryConfig": [
                "InsecureRegistryCIDRs": ["127.0.0.0/8", "::1/128"],
                "IndexConfigs": .object([official] + insecure), "Mirrors": .null,
            ],
            "HttpProxy": "", "HttpsProxy": "", "NoProxy": "",
        ]
    }
}
