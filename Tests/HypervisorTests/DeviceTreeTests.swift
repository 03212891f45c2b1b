import Firmware
import Glibc
import Hypervisor
import Machine
import Testing

/// What the board tells kernels of itself: the addresses of QEMU's board, and no more than there is.
struct DeviceTreeTests {
    private static func tree(harts: Int = 2, _ boot: VirtDeviceTree.Boot = .init()) throws -> DeviceTree {
        let memory = try #require(GuestMemory(base: VirtMap.ram, size: 32 << 20))
        let wires = HartWires(
            machineSoftware: .unconnected, machineExternal: .unconnected, supervisorExternal: .unconnected,
            raiseSupervisorSoftware: {}, setTimerCompare: { _ in })
        let links = BoardLinks(
            clock: ManualClock(), transmit: { _ in }, wantsInput: {}, power: { _ in }, scheduleAlarm: { _ in }
        )
        let board = try VirtBoard(
            bus: AddressSpace(), memory: memory, harts: Array(repeating: wires, count: harts), links: links,
            virtio: [])
        let ram = memory.base..<memory.base + memory.size
        return VirtDeviceTree(board: board, harts: harts, memory: ram, boot: boot).tree
    }

    @Test(
        arguments: [
            ("/soc/test@100000", "sifive,test1", nil), ("/soc/rtc@101000", "google,goldfish-rtc", 11),
            ("/soc/clint@2000000", "riscv,clint0", nil), ("/soc/plic@c000000", "sifive,plic-1.0.0", nil),
            ("/soc/serial@10000000", "ns16550a", 10), ("/soc/virtio_mmio@10001000", "virtio,mmio", 1),
            ("/soc/virtio_mmio@10008000", "virtio,mmio", 8),
        ] as [(String, String, UInt32?)])
    func devicesAreWhereQEMUHasThem(_ path: String, _ compatible: String, _ interrupt: UInt32?) throws {
        let node = try #require(try Self.tree().node(at: path))
        #expect(node.strings("compatible")?.contains(compatible) == true)
        #expect(node.cells("interrupts") == interrupt.map { [$0] })
    }

    @Test func everyHartIsListedWithItsFeatures() throws {
        let tree = try Self.tree(harts: 4)
        let hart = try #require(tree.node(at: "/cpus/cpu@3"))
        #expect(hart.cells("reg") == [3])
        let isa = try #require(hart.strings("riscv,isa")?.first)
        #expect(isa.hasPrefix("rv64imafdc_"))
        let extensions = try #require(hart.strings("riscv,isa-extensions"))
        for name in ["zba", "zbb", "zbs", "zicond", "zicbom", "zicboz", "zawrs", "sstc", "svinval", "svpbmt"]
        {
            #expect(extensions.contains(name))
            #expect(isa.contains("_" + name))
        }
        #expect(tree.node(at: "/cpus/cpu@4") == nil)
        #expect(tree.node(at: "/cpus")?.cells("timebase-frequency") == [10_000_000])
    }

    @Test func theChoiceOfDirtyBitsIsLeftToFirmware() throws {
        var boot = VirtDeviceTree.Boot()
        let supervised = try Self.tree(boot).node(at: "/cpus/cpu@0")?.strings("riscv,isa-extensions")
        #expect(supervised?.contains("svade") == false)
        boot.firmware = true
        let free = try Self.tree(boot).node(at: "/cpus/cpu@0")?.strings("riscv,isa-extensions")
        #expect(free?.contains("svade") == true)
        #expect(free?.contains("svadu") == true)
    }

    @Test func theInterruptControllersReachEveryHart() throws {
        let tree = try Self.tree(harts: 2)
        let handles = try (0..<2).map { index in
            try #require(tree.node(at: "/cpus/cpu@\(index)/interrupt-controller")?.cells("phandle")?.first)
        }
        let plic = tree.node(at: "/soc/plic@c000000")?.cells("interrupts-extended")
        #expect(plic == [handles[0], 11, handles[0], 9, handles[1], 11, handles[1], 9])
        let clint = tree.node(at: "/soc/clint@2000000")?.cells("interrupts-extended")
        #expect(clint == [handles[0], 3, handles[0], 7, handles[1], 3, handles[1], 7])
    }

    @Test func theKernelFindsItsCommandLineInitrdAndSeed() throws {
        var boot = VirtDeviceTree.Boot()
        boot.arguments = "console=ttyS0 quiet"
        boot.initrd = 0x8100_0000..<0x8100_1234
        boot.seed = Array(0..<32)
        let chosen = try #require(try Self.tree(boot).node(at: "/chosen"))
        #expect(chosen.strings("bootargs") == ["console=ttyS0 quiet"])
        #expect(chosen.strings("stdout-path") == ["/soc/serial@10000000"])
        #expect(chosen.cells("linux,initrd-start") == [0, 0x8100_0000])
        #expect(chosen.cells("linux,initrd-end") == [0, 0x8100_1234])
        #expect(chosen["rng-seed"] == Array(0..<32))
    }

    @Test func theSizeOfTheTreeDoesNotDependOnWhereTheInitrdGoes() throws {
        var boot = VirtDeviceTree.Boot()
        boot.initrd = 0..<1
        let small = try Self.tree(boot).flattened.count
        boot.initrd = 0xffff_f000..<0x1_0000_0000
        #expect(try Self.tree(boot).flattened.count == small)
    }

    @Test func handlesAreUniqueAndResolve() throws {
        let root = try Self.tree(harts: 8).root
        let handles = Self.all(root).compactMap { $0.cells("phandle")?.first }
        #expect(Set(handles).count == handles.count)
        for node in Self.all(root) {
            if let parent = node.cells("interrupt-parent")?.first { #expect(handles.contains(parent)) }
            if let map = node.cells("regmap")?.first { #expect(handles.contains(map)) }
            if let core = node.cells("cpu")?.first { #expect(handles.contains(core)) }
        }
    }

    private static func all(_ node: DeviceTreeNode) -> [DeviceTreeNode] {
        [node] + node.children.flatMap(all)
    }
}
