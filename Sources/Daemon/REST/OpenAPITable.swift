/// What our own API offers, as text: the document and its tests are made of this.
enum OpenAPITable {
    /// Method, path, answer, then the parameters of the query (`name*` may be repeated, `name!` must be given),
    /// the body behind `<`, and after `#` what it does.
    static let operations = """
        POST   /instances                            201 Created name < InstanceSpec # Make an instance, not started yet
        GET    /instances                            200 [Instance] all limit filter* # List instances
        GET    /instances/{id}                       200 Instance # Inspect an instance, by name, id or the start of an id
        GET    /instances/{id}/size                  200 InstanceSize # How many bytes its files have
        GET    /instances/{id}/top                   200 ProcessTable ps_args # Its processes, as ps(1) prints them
        GET    /instances/{id}/stats                 200 InstanceStatistics stream # What it uses; with stream, one line a second
        GET    /instances/{id}/changes               200 [FileChange] # Where its files differ from the image's
        POST   /instances/{id}/start                 204 - # Start it
        POST   /instances/{id}/stop                  204 - timeout signal # Send the stop signal, and SIGKILL after timeout seconds
        POST   /instances/{id}/restart               204 - timeout signal # Stop and start it
        POST   /instances/{id}/kill                  204 - signal # Send a signal, SIGKILL unless told otherwise
        POST   /instances/{id}/pause                 204 - # Freeze its processes
        POST   /instances/{id}/resume                204 - # Thaw its processes
        POST   /instances/{id}/rename                204 - name! # Give it another name
        POST   /instances/{id}/update                200 Warnings < Update # Change limits and restart policy
        POST   /instances/{id}/commit                201 Identifier reference author comment pause change* # Make an image of its files
        POST   /instances/{id}/wait                  200 WaitResult condition # Wait until it ends; the head comes at once
        DELETE /instances/{id}                       204 - force volumes # Remove it
        POST   /instances/{id}/attach                101 frames stdin stdout stderr logs follow detachKeys # Join its streams (Upgrade: viv-stream)
        GET    /instances/{id}/logs                  200 frames stdout stderr follow since until tail timestamps # Its output so far, and to come
        POST   /instances/{id}/resize                204 - h! w! # Size of its terminal
        POST   /instances/{id}/exec                  201 Identifier < ExecSpec # Prepare a process in a running instance
        POST   /exec/{id}/start                      101 frames detach # Start it and join its streams (Upgrade: viv-stream)
        POST   /exec/{id}/resize                     204 - h! w! # Size of its terminal
        GET    /exec/{id}                            200 ExecRecord # How it is
        GET    /instances/{id}/archive               200 tar path! # A file or folder as a tar
        HEAD   /instances/{id}/archive               200 - path! # What a path is, in the header Viv-Path-Status
        PUT    /instances/{id}/archive               204 - path! keepKinds keepOwners < tar # Unpack a tar into a folder
        GET    /instances/{id}/export                200 tar # All its files
        GET    /images                               200 [ImageSummary] filter* # List images
        GET    /images/inspect                       200 ImageDetails name! # Inspect an image
        GET    /images/history                       200 [HistoryLine] name! # The steps that made it
        POST   /images/tag                           204 - name! reference! # Give it another name
        DELETE /images                               200 [RemovedItem] name! force # Remove a name, and the image with its last
        POST   /images/prune                         200 RemovedImages all filter* # Remove what nothing uses
        POST   /images/pull                          200 progress reference! platform # Fetch it from its registry
        POST   /images/push                          200 progress reference! # Send it to its registry
        POST   /images/load                          200 progress < tar # Take in an archive of docker save or an OCI layout
        GET    /images/save                          200 tar name!* # Write images into an archive
        POST   /images/import                        201 ImageName reference message < tar # Make an image of a file tree
        POST   /images/build                         200 progress dockerfile target t* buildargs labels nocache pull platform networkmode extrahosts shmsize ssh < tar # Build a Dockerfile; the context is the body
        POST   /images/build-base                    200 progress name! reference # Make an image from a distribution's packages
        GET    /networks                             200 [NetworkDetails] filter* # List networks
        POST   /networks                             201 NetworkRecord < NetworkSpec # Make a network
        GET    /networks/{name}                      200 NetworkDetails # Inspect a network
        DELETE /networks/{name}                      204 - # Remove a network
        POST   /networks/{name}/connect              204 - < Connection # Connect an instance
        POST   /networks/{name}/disconnect           204 - < Connection # Disconnect an instance
        GET    /volumes                              200 [VolumeRecord] filter* # List volumes
        POST   /volumes                              201 VolumeRecord < VolumeSpec # Make a volume
        GET    /volumes/{name}                       200 VolumeRecord # Inspect a volume
        DELETE /volumes/{name}                       204 - force # Remove a volume
        GET    /volumes/{name}/snapshots             200 [VolumeSnapshot] # List its snapshots
        DELETE /volumes/{name}/snapshots/{snapshot}  204 - # Remove a snapshot
        POST   /volumes/{name}/snapshot              201 VolumeSnapshot snapshot # Keep its files as they are
        POST   /volumes/{name}/clone                 201 VolumeRecord to! snapshot # Make a volume of its files
        POST   /volumes/{name}/restore               204 - snapshot! # Put its files back
        GET    /events                               200 events since until filter* # What happens, one line of JSON an event
        GET    /system/ping                          200 text # Whether the daemon answers
        GET    /system/info                          200 SystemInfo # What the daemon is and has
        GET    /system/usage                         200 DiskUsage # What occupies the disk
        GET    /system/version                       200 Version # Versions of the daemon and its APIs
        POST   /system/prune                         200 PruneReports what* all filter* # Remove what nothing uses
        GET    /openapi.json                         200 object # This document
        """

    /// Name, then fields with their types: `[T]` an array, `{T}` an object of Ts, `T?` may be missing or null.
    static let schemas = """
        Created: id string, warnings [string]
        Identifier: id string
        Warnings: warnings [string]
        InstanceSpec: container Container?, machine Machine?
        Container: _0 ContainerSpec
        Machine: _0 ManagedMachineSpec
        ManagedMachineSpec: guest string, arch string, cpus integer, memory integer, isEphemeral boolean, labels {string}, restart RestartPolicy, removesItself boolean
        ContainerSpec: image string, platform string?, entrypoint [string]?, command [string]?, environment [string], workingDirectory string?, user string?, additionalGroups [string], hasTerminal boolean, terminalSize TerminalSize?, keepsStdinOpen boolean, closesStdinAfterFirst boolean, stopSignal string?, stopTimeout integer?, usesInit boolean, healthCheck HealthCheck?, hostname string?, domainName string?, labels {string}, annotations {string}, mounts [MountSpec], volumesFrom [string], hasReadOnlyRoot boolean, sharedMemorySize integer, devices [DeviceMapping], network ContainerNetworking, isPrivileged boolean, addedCapabilities [string], droppedCapabilities [string], securityOptions [string], sysctls {string}, limits [ResourceLimit], resources ContainerResources, deviceCgroupRules [string], cgroupParent string?, outOfMemoryScore integer?, pidMode string?, ipcMode string?, utsMode string?, userNamespaceMode string?, cgroupNamespaceMode string?, maskedPaths [string]?, readOnlyPaths [string]?, restart RestartPolicy, removesItself boolean, logging LoggingSpec
        TerminalSize: rows integer, columns integer
        HealthCheck: test [string], interval integer, timeout integer, startPeriod integer, startInterval integer, retries integer
        RestartPolicy: kind string, maximumRetries integer
        LoggingSpec: driver string, options {string}
        MountSpec: kind string, source string, target string, isReadOnly boolean, propagation string?, isNonRecursive boolean, createsSource boolean, subpath string?, copiesNothing boolean, volumeLabels {string}, volumeDriver string?, volumeOptions {string}, tmpfsSize integer?, tmpfsMode integer?, isTmpfsOption boolean?, options [string]
        DeviceMapping: hostPath string, containerPath string, permissions string
        ResourceLimit: name string, soft integer, hard integer
        ContainerResources: memory integer?, memorySwap integer?, memoryReservation integer?, memorySwappiness integer?, disablesOutOfMemoryKiller boolean, nanoCPUs integer?, cpuShares integer?, cpuPeriod integer?, cpuQuota integer?, cpuRealtimePeriod integer?, cpuRealtimeRuntime integer?, cpusetCPUs string?, cpusetMemoryNodes string?, processes integer?, blockWeight integer?, blockWeightDevices [DeviceRate], readBytesPerSecond [DeviceRate], writeBytesPerSecond [DeviceRate], readOperationsPerSecond [DeviceRate], writeOperationsPerSecond [DeviceRate]
        DeviceRate: path string, rate integer
        ContainerNetworking: mode string, endpoints {EndpointSpec}, ports [PortMapping], exposedPorts [string], publishesAll boolean, nameServers [string], searchDomains [string], resolverOptions [string], extraHosts [string], macAddress string?, links [string]
        EndpointSpec: aliases [string], ipv4Address string?, ipv6Address string?, macAddress string?, links [string], driverOptions {string}
        PortMapping: hostAddress string, hostPort integer, containerPort integer, transport string
        Instance: id string, name string, spec InstanceSpec, state string, imageID string, process ResolvedProcess, processID integer, exitCode integer, wasKilledForMemory boolean, error string, created number, started number?, finished number?, restartCount integer, wasStoppedByUser boolean, health string?, healthFailures integer, healthLog [HealthResult], endpoints {Endpoint}, ports [PortMapping], mounts [ResolvedMount]
        ResolvedProcess: arguments [string], environment [string], workingDirectory string, user string, entrypoint [string], command [string]
        HealthResult: start number, end number, exitCode integer, output string
        Endpoint: networkID string, endpointID string, macAddress string, ipv4Address string, ipv4PrefixLength integer, ipv4Gateway string, ipv6Address string, ipv6PrefixLength integer, ipv6Gateway string, aliases [string], names [string]
        ResolvedMount: kind string, name string, source string, target string, isReadOnly boolean, propagation string
        InstanceSize: written integer, total integer
        ProcessTable: titles [string], processes [[string]]
        InstanceStatistics: id string, name string, time number, cpu ProcessorUse, memory MemoryUse, processes integer, processLimit integer, networks [InterfaceUse], blocks [BlockUse]
        ProcessorUse: total integer, user integer, system integer, host integer, onlineCPUs integer, periods integer, throttledPeriods integer, throttledTime integer
        MemoryUse: usage integer, limit integer, maximum integer, failures integer, details {integer}
        InterfaceUse: name string, receivedBytes integer, receivedPackets integer, receivedErrors integer, receivedDrops integer, sentBytes integer, sentPackets integer, sentErrors integer, sentDrops integer
        BlockUse: major integer, minor integer, readBytes integer, writtenBytes integer, reads integer, writes integer
        FileChange: kind integer, path string
        Update: resources ContainerResources?, restart RestartPolicy?
        WaitResult: exitCode integer, error string
        ExecSpec: command [string], environment [string], workingDirectory string?, user string?, hasTerminal boolean, terminalSize TerminalSize?, attachesStdin boolean, attachesStdout boolean, attachesStderr boolean, isPrivileged boolean, detachKeys string?
        ExecRecord: id string, instance string, spec ExecSpec, isRunning boolean, exitCode integer?, processID integer
        ImageSummary: id string, tags [string], repositoryDigests [string], parent string?, created number, size integer, sharedSize integer, labels {string}, platform string, holders integer
        ImageDetails: id string, manifestDigest string, tags [string], repositoryDigests [string], size integer, parent string?, tagged number, configuration object
        HistoryLine: id string?, entry object, size integer, tags [string]
        RemovedItem: untagged string?, deleted string?
        RemovedImages: removed [RemovedItem], reclaimed integer
        ImageName: image string
        NetworkSpec: name string, driver string, isInternal boolean, isAttachable boolean, usesIPv6 boolean, pools [AddressPoolSpec], options {string}, labels {string}
        AddressPoolSpec: subnet string, gateway string?, range string?, auxiliaryAddresses {string}
        NetworkRecord: id string, spec NetworkSpec, created number
        NetworkDetails: record NetworkRecord, endpoints {Endpoint}, names {string}
        Connection: instance string, endpoint EndpointSpec?, force boolean?
        VolumeSpec: name string, driver string, labels {string}, options {string}
        VolumeRecord: name string, driver string, labels {string}, options {string}, created number, mountPoint string, isAnonymous boolean, origin string?
        VolumeSnapshot: volume string, name string, created number, path string
        Event: number integer, subject string, action string, actor string, attributes {string}, time integer
        SystemInfo: id string, name string, version string, isRootless boolean, kernel string, operatingSystem string, architecture string, cpus integer, memory integer, dataFolder string, cgroupVersion integer, securityOptions [string], instances integer, running integer, paused integer, stopped integer, images integer, warnings [string]
        DiskUsage: layers integer, images [UsageItem], instances [UsageItem], volumes [UsageItem], buildCache [UsageItem]
        UsageItem: id string, name string, size integer, isInUse boolean, created number
        PruneReport: removed [string], reclaimed integer
        PruneReports: instances PruneReport?, networks PruneReport?, volumes PruneReport?, images PruneReport?
        Version: version string, api string, docker string, dockerOldest string
        Error: error Reason
        Reason: kind string, message string
        """
}
