import Model

/// What a container uses, as `GET /containers/{id}/stats` shows it.
enum StatisticsShape {
    /// - Parameter previous: the reading before, for clients that compute a rate; `nil` leaves zeros.
    static func json(_ now: InstanceStatistics, previous: InstanceStatistics?) -> JSON {
        let fields: JSON = [
            "name": .string("/" + now.name), "id": .string(now.id.text),
            "read": .string(Timestamp.text(now.time)),
            "preread": .string(Timestamp.text(previous?.time)),
            "pids_stats": processes(now), "blkio_stats": blocks(now), "num_procs": 0,
            "storage_stats": [:], "cpu_stats": processor(now), "precpu_stats": processor(previous),
            "memory_stats": memory(now),
        ]
        guard !now.networks.isEmpty else { return fields }
        let networks = now.networks.map { JSON.Field(name: $0.name, value: interface($0)) }
        return fields.adding(["networks": .object(networks)])
    }

    private static func processes(_ now: InstanceStatistics) -> JSON {
        guard now.processes > 0 else { return [:] }
        let current: JSON = ["current": .int(now.processes)]
        return now.processLimit > 0 ? current.adding(["limit": .int(now.processLimit)]) : current
    }

    private static func processor(_ reading: InstanceStatistics?) -> JSON {
        let use = reading?.cpu ?? ProcessorUse()
        return [
            "cpu_usage": [
                "total_usage": .int(use.total), "usage_in_kernelmode": .int(use.system),
                "usage_in_usermode": .int(use.user),
            ],
            "system_cpu_usage": .int(use.host), "online_cpus": .int(use.onlineCPUs),
            "throttling_data": [
                "periods": .int(use.periods), "throttled_periods": .int(use.throttledPeriods),
                "throttled_time": .int(use.throttledTime),
            ],
        ]
    }

    private static func memory(_ now: InstanceStatistics) -> JSON {
        guard now.memory.usage > 0 else { return [:] }
        let details = now.memory.details.sorted { $0.key < $1.key }.map {
            JSON.Field(name: $0.key, value: .int($0.value))
        }
        return [
            "usage": .int(now.memory.usage), "max_usage": .int(now.memory.maximum),
            "failcnt": .int(now.memory.failures), "stats": .object(details),
            "limit": .int(now.memory.limit),
        ]
    }

    private static func interface(_ use: InterfaceUse) -> JSON {
        [
            "rx_bytes": .int(use.receivedBytes), "rx_packets": .int(use.receivedPackets),
            "rx_errors": .int(use.receivedErrors), "rx_dropped": .int(use.receivedDrops),
            "tx_bytes": .int(use.sentBytes), "tx_packets": .int(use.sentPackets),
            "tx_errors": .int(use.sentErrors), "tx_dropped": .int(use.sentDrops),
        ]
    }

    private static func blocks(_ now: InstanceStatistics) -> JSON {
        let bytes = now.blocks.flatMap { block in
            [entry(block, "read", block.readBytes), entry(block, "write", block.writtenBytes)]
        }
        let operations = now.blocks.flatMap { block in
            [entry(block, "read", block.reads), entry(block, "write", block.writes)]
        }
        return [
            "io_service_bytes_recursive": .array(bytes), "io_serviced_recursive": .array(operations),
            "io_queue_recursive": .null, "io_service_time_recursive": .null,
            "io_wait_time_recursive": .null, "io_merged_recursive": .null, "io_time_recursive": .null,
            "sectors_recursive": .null,
        ]
    }

    private static func entry(_ block: BlockUse, _ operation: String, _ value: UInt64) -> JSON {
        [
            "major": .int(block.major), "minor": .int(block.minor), "op": .string(operation),
            "value": .int(value),
        ]
    }
}
