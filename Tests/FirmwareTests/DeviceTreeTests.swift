import Firmware
import Machine
import Testing

@Suite("Device trees")
struct DeviceTreeTests {
    /// A small board with every kind of value.
    static let board: DeviceTree = {
        var tree = DeviceTree(reservations: [.init(address: 0x8000_0000, size: 0x4_0000)], bootHart: 1)
        tree.root.set("#address-cells", .cells([2]))
        tree.root.set("#size-cells", .cells([2]))
        tree.root.set("compatible", .strings(["vivarium,virt", "riscv-virtio"]))
        var memory = DeviceTreeNode("memory@80000000")
        memory.set("device_type", .strings(["memory"]))
        memory.set("reg", .quads([0x8000_0000, 0x1000_0000]))
        tree.root.add(memory)
        var soc = DeviceTreeNode("soc")
        soc.set("#address-cells", .cells([2]))
        soc.set("#size-cells", .cells([2]))
        soc.set("compatible", .strings(["simple-bus"]))
        soc.set("ranges", .flag)
        let serial = DeviceDescription(
            name: "serial", compatible: ["ns16550a"], size: 0x100, interrupts: true,
            properties: [.init("clock-frequency", .cells([3_686_400]))])
        soc.add(DeviceTreeNode(serial, at: 0x1000_0000, interrupts: [10]))
        tree.root.add(soc)
        var chosen = DeviceTreeNode("chosen")
        chosen.set("bootargs", .strings(["console=ttyS0"]))
        chosen.set("rng-seed", .bytes([1, 2, 3]))
        tree.root.add(chosen)
        return tree
    }()

    @Test("A flattened tree reads back the same")
    func roundTrip() throws {
        let tree = Self.board
        #expect(try DeviceTree(flattened: tree.flattened) == tree)
        #expect(try DeviceTree(flattened: DeviceTree().flattened) == DeviceTree())
    }

    @Test("Nodes and properties are found by path and name")
    func lookUp() throws {
        let tree = try DeviceTree(flattened: Self.board.flattened)
        let serial = try #require(tree.node(at: "/soc/serial@10000000"))
        #expect(serial.cells("interrupts") == [10])
        #expect(serial.cells("reg") == [0, 0x1000_0000, 0, 0x100])
        #expect(serial.strings("compatible") == ["ns16550a"])
        #expect(tree.root.strings("compatible") == ["vivarium,virt", "riscv-virtio"])
        #expect(tree.node(at: "/")?.cells("#size-cells") == [2])
        #expect(tree.node(at: "/soc/none") == nil)
        #expect(tree.node(at: "/soc")?["ranges"] == [])
        #expect(tree.node(at: "/chosen")?.cells("rng-seed") == nil)
    }

    @Test("Setting a property again replaces it in place")
    func replace() {
        var node = DeviceTreeNode("n")
        node.set("a", .cells([1]))
        node.set("b", .flag)
        node.set("a", .cells([2]))
        #expect(node.properties.map(\.name) == ["a", "b"])
        #expect(node.cells("a") == [2])
    }

    @Test("A device without an interrupt gets none")
    func noInterrupt() {
        let test = DeviceDescription(name: "test", compatible: ["syscon"], size: 0x1000, interrupts: false)
        let node = DeviceTreeNode(test, at: 0x10_0000, interrupts: [1])
        #expect(node.name == "test@100000")
        #expect(node["interrupts"] == nil)
    }

    @Test("dtc reads the blob as we meant it", .enabled(if: Tool("dtc") != nil, "dtc is not installed"))
    func dtc() throws {
        let tool = try #require(Tool("dtc"))
        let output = try #require(try tool.run(["-q", "-I", "dtb", "-O", "dts"], on: Self.board.flattened))
        let text = String(decoding: output, as: UTF8.self)
        for line in [
            "/memreserve/\t0x0000000080000000 0x0000000000040000;", "serial@10000000 {",
            "interrupts = <0x0a>;", "ranges;",
            "bootargs = \"console=ttyS0\";", "rng-seed = [01 02 03];",
        ] { #expect(text.contains(line), "\(line) is missing from\n\(text)") }
        let again = try #require(try tool.run(["-q", "-I", "dtb", "-O", "dtb"], on: Self.board.flattened))
        #expect(try DeviceTree(flattened: again).root == Self.board.root)
    }

    @Test("What is no device tree is refused")
    func refusals() {
        #expect(throws: DeviceTreeError.notADeviceTree) { try DeviceTree(flattened: []) }
        #expect(throws: DeviceTreeError.notADeviceTree) {
            try DeviceTree(flattened: [UInt8](repeating: 0xff, count: 100))
        }
        var old = Self.board.flattened
        old[23] = 3
        #expect(throws: DeviceTreeError.unsupportedVersion(3)) { try DeviceTree(flattened: old) }
        #expect(throws: DeviceTreeError.truncated) {
            try DeviceTree(flattened: Array(Self.board.flattened.dropLast()))
        }
    }

    @Test("Nesting without end is refused")
    func deepNesting() {
        var node = DeviceTreeNode("leaf")
        for _ in 0..<100 {
            var parent = DeviceTreeNode("n")
            parent.add(node)
            node = parent
        }
        var tree = DeviceTree()
        tree.root.add(node)
        #expect(throws: DeviceTreeError.tooDeep) { try DeviceTree(flattened: tree.flattened) }
    }

    @Test("Damaged blobs are read or refused, never a crash")
    func damaged() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let whole = Self.board.flattened
        for _ in 0..<5000 {
            var blob = whole
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                blob[Int.random(in: 0..<blob.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { blob.removeLast(Int.random(in: 0..<blob.count, using: &random)) }
            let tree = try? DeviceTree(flattened: blob)
            if let tree {
                #expect((try? DeviceTree(flattened: tree.flattened)) == tree, "seed \(seed)")
            }
        }
    }
}
