import CLinux
import Glibc

extension ProcessPlan {
    private static let policies = [
        "SCHED_OTHER": 0, "SCHED_FIFO": 1, "SCHED_RR": 2, "SCHED_BATCH": 3, "SCHED_ISO": 4, "SCHED_IDLE": 5,
        "SCHED_DEADLINE": 6,
    ]
    private static let schedulerFlags: [String: UInt64] = [
        "SCHED_FLAG_RESET_ON_FORK": 1, "SCHED_FLAG_RECLAIM": 2, "SCHED_FLAG_DL_OVERRUN": 4,
        "SCHED_FLAG_KEEP_POLICY": 8, "SCHED_FLAG_KEEP_PARAMS": 16, "SCHED_FLAG_UTIL_CLAMP_MIN": 32,
        "SCHED_FLAG_UTIL_CLAMP_MAX": 64,
    ]
    private static let classes = ["IOPRIO_CLASS_RT": 1, "IOPRIO_CLASS_BE": 2, "IOPRIO_CLASS_IDLE": 3]

    func addScheduling(to list: inout StepList) throws(ContainerError) {
        if let scheduler = process.scheduler {
            let attributes = try Self.attributes(scheduler)
            list.add(VIV_STEP_SCHEDULER, "set the scheduler") { $0.bytes = StepList.bytes(attributes) }
        }
        if let priority = process.ioPriority {
            guard let kind = Self.classes[priority.class], 0...7 ~= priority.priority ?? 0 else {
                throw ContainerError(
                    .invalid, "process.ioPriority: unknown class or a priority outside 0 to 7")
            }
            list.add(VIV_STEP_IO_PRIORITY, "set the I/O priority") { step in
                step.number = Int32(kind << 13 | (priority.priority ?? 0))
            }
        }
    }

    /// struct sched_attr: size, policy, flags, nice, priority, runtime, deadline, period.
    private static func attributes(_ scheduler: RuntimeSpec.Scheduler) throws(ContainerError) -> [UInt64] {
        guard let policy = policies[scheduler.policy] else {
            throw ContainerError(.invalid, "process.scheduler: unknown policy \(scheduler.policy)")
        }
        var flags: UInt64 = 0
        for name in scheduler.flags ?? [] {
            guard let flag = schedulerFlags[name] else {
                throw ContainerError(.invalid, "process.scheduler: unknown flag \(name)")
            }
            flags |= flag
        }
        let nice = UInt64(UInt32(bitPattern: scheduler.nice ?? 0))
        let priority = UInt64(UInt32(bitPattern: scheduler.priority ?? 0))
        return [
            48 | UInt64(policy) << 32, flags, nice | priority << 32, scheduler.runtime ?? 0,
            scheduler.deadline ?? 0,
            scheduler.period ?? 0,
        ]
    }

    private static let domains: [String: UInt64] = ["LINUX": 0, "LINUX32": 8]

    static func addPersonality(_ personality: RuntimeSpec.Personality?, to list: inout StepList)
        throws(ContainerError)
    {
        guard let personality else { return }
        guard let domain = domains[personality.domain] else {
            throw ContainerError(.invalid, "linux.personality: unknown domain \(personality.domain)")
        }
        list.add(VIV_STEP_PERSONALITY, "set the personality") { $0.flags = domain }
    }
}
