import Firmware
import Machine

/// What the `virt` board tells the software that boots on it.
package struct VirtDeviceTree {
    /// The facts that only the loader knows.
    package struct Boot: Sendable {
        /// The kernel's command line.
        package var arguments = ""
        package var initrd: Range<UInt64>?
        /// Fresh randomness for the kernel's pool.
        package var seed: [UInt8] = []
        /// Firmware runs below the kernel, in place of the built-in SBI.
        package var firmware = false

        package init() {}
    }

    private let board: VirtBoard
    private let harts: Int
    private let memory: Range<UInt64>
    private let boot: Boot

    package init(board: VirtBoard, harts: Int, memory: Range<UInt64>, boot: Boot) {
        self.board = board
        self.harts = harts
        self.memory = memory
        self.boot = boot
    }

    /// Names by which nodes refer to each other: harts' interrupt controllers first.
    private enum Handle {
        static let plic: UInt32 = 0x100
        static let finisher: UInt32 = 0x101
        static func hart(_ index: Int) -> UInt32 { UInt32(index) + 0x10 }
        static func interrupts(_ index: Int) -> UInt32 { UInt32(index) + 1 }
    }

    /// Interrupt numbers inside a hart (privileged manual, table "cause").
    private enum Cause {
        static let supervisorSoftware: UInt32 = 1
        static let machineSoftware: UInt32 = 3
        static let machineTimer: UInt32 = 7
        static let supervisorExternal: UInt32 = 9
        static let machineExternal: UInt32 = 11
    }

    package var tree: DeviceTree {
        var root = DeviceTreeNode("")
        root.set("#address-cells", .cells([2]))
        root.set("#size-cells", .cells([2]))
        root.set("compatible", .strings(["riscv-virtio"]))
        root.set("model", .strings(["vivarium,virt"]))
        root.children = [chosen, ram, cpus, soc] + power
        return DeviceTree(root: root)
    }

    private var chosen: DeviceTreeNode {
        var node = DeviceTreeNode("chosen")
        node.set("bootargs", .strings([boot.arguments]))
        node.set("stdout-path", .strings(["/soc/serial@\(String(VirtMap.serial, radix: 16))"]))
        if let initrd = boot.initrd {
            node.set("linux,initrd-start", .quads([initrd.lowerBound]))
            node.set("linux,initrd-end", .quads([initrd.upperBound]))
        }
        if !boot.seed.isEmpty { node.set("rng-seed", .bytes(boot.seed)) }
        return node
    }

    private var ram: DeviceTreeNode {
        var node = DeviceTreeNode("memory@\(String(memory.lowerBound, radix: 16))")
        node.set("device_type", .strings(["memory"]))
        node.set("reg", .quads([memory.lowerBound, memory.upperBound - memory.lowerBound]))
        return node
    }

    /// The finisher's words, for kernels that do not ask the SBI.
    private var power: [DeviceTreeNode] {
        [("poweroff", UInt32(0x5555)), ("reboot", UInt32(0x7777))].map { name, key in
            var node = DeviceTreeNode(name)
            node.set("compatible", .strings(["syscon-\(name)"]))
            node.set("regmap", .cells([Handle.finisher]))
            node.set("offset", .cells([0]))
            node.set("value", .cells([key]))
            return node
        }
    }
}

// MARK: - Harts

extension VirtDeviceTree {
    private var cpus: DeviceTreeNode {
        var node = DeviceTreeNode("cpus")
        node.set("#address-cells", .cells([1]))
        node.set("#size-cells", .cells([0]))
        node.set("timebase-frequency", .cells([UInt32(VirtMap.timebase)]))
        node.children = (0..<harts).map(hart) + [topology]
        return node
    }

    private func hart(_ index: Int) -> DeviceTreeNode {
        let extensions = HartFeatures.extensions + HartFeatures.dirtyBitExtensions(firmware: boot.firmware)
        var node = DeviceTreeNode("cpu@\(index)")
        node.set("device_type", .strings(["cpu"]))
        node.set("reg", .cells([UInt32(index)]))
        node.set("status", .strings(["okay"]))
        node.set("compatible", .strings(["riscv"]))
        node.set("riscv,isa", .strings([HartFeatures.isaString(extensions)]))
        node.set("riscv,isa-base", .strings([HartFeatures.base]))
        node.set("riscv,isa-extensions", .strings(extensions))
        node.set("riscv,cbom-block-size", .cells([HartFeatures.cacheBlockSize]))
        node.set("riscv,cboz-block-size", .cells([HartFeatures.cacheBlockSize]))
        node.set("mmu-type", .strings([HartFeatures.mmuType]))
        node.set("phandle", .cells([Handle.hart(index)]))
        var interrupts = DeviceTreeNode("interrupt-controller")
        interrupts.set("#interrupt-cells", .cells([1]))
        interrupts.set("interrupt-controller", .flag)
        interrupts.set("compatible", .strings(["riscv,cpu-intc"]))
        interrupts.set("phandle", .cells([Handle.interrupts(index)]))
        node.add(interrupts)
        return node
    }

    /// All harts are cores of one cluster.
    private var topology: DeviceTreeNode {
        var cluster = DeviceTreeNode("cluster0")
        cluster.children = (0..<harts).map { index in
            var core = DeviceTreeNode("core\(index)")
            core.set("cpu", .cells([Handle.hart(index)]))
            return core
        }
        var map = DeviceTreeNode("cpu-map")
        map.add(cluster)
        return map
    }

    /// One (controller, number) pair for each hart and number.
    private func wires(_ causes: [UInt32]) -> PropertyValue {
        .cells((0..<harts).flatMap { hart in causes.flatMap { [Handle.interrupts(hart), $0] } })
    }
}

// MARK: - Devices

extension VirtDeviceTree {
    private var soc: DeviceTreeNode {
        var node = DeviceTreeNode("soc")
        node.set("#address-cells", .cells([2]))
        node.set("#size-cells", .cells([2]))
        node.set("compatible", .strings(["simple-bus"]))
        node.set("ranges", .flag)
        node.set("interrupt-parent", .cells([Handle.plic]))
        node.children = board.placed.map(device) + (0..<VirtMap.virtioSlots).map(virtioSlot)
        return node
    }

    private func device(_ placed: VirtBoard.Placed) -> DeviceTreeNode {
        var node = DeviceTreeNode(
            placed.device.description, at: placed.address, interrupts: placed.interrupt.map { [$0] } ?? [])
        switch placed.address {
        case VirtMap.finisher:
            node.set("phandle", .cells([Handle.finisher]))
        case VirtMap.clint:
            node.set("interrupts-extended", wires([Cause.machineSoftware, Cause.machineTimer]))
        case VirtMap.supervisorSoftwareInterrupts:
            node.set("interrupts-extended", wires([Cause.supervisorSoftware]))
        case VirtMap.plic:
            node.set("phandle", .cells([Handle.plic]))
            node.set("interrupts-extended", wires([Cause.machineExternal, Cause.supervisorExternal]))
        default: break
        }
        return node
    }

    private func virtioSlot(_ slot: Int) -> DeviceTreeNode {
        let address = VirtMap.virtio + UInt64(slot) * VirtMap.virtioStride
        var node = DeviceTreeNode("virtio_mmio@\(String(address, radix: 16))")
        node.set("compatible", .strings(["virtio,mmio"]))
        node.set("reg", .quads([address, VirtMap.virtioStride]))
        node.set("interrupts", .cells([VirtMap.Interrupt.firstVirtio + UInt32(slot)]))
        return node
    }
}
