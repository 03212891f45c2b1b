import Glibc
import Hypervisor
import Machine
import Model
import Testing

/// What a machine starts from: where programs go, which are refused and how that is said.
struct BootPlanTests {
    @Test(arguments: [
        (Array("#!/bin/sh\necho hello, I am no kernel at all\n".utf8), "no kernel"), ([UInt8](), "empty"),
    ])
    func filesThatAreNoKernelAreRefusedInOneLine(_ bytes: [UInt8], _ reason: String) throws {
        let bench = try Bench()
        let error = try #require(throws: MachineError.self) {
            _ = try bench.assemble { $0.kernel = try Bench.file(bytes) }
        }
        #expect(error.code == .unusableFile)
        #expect(error.description.contains(reason))
        #expect(!error.description.contains("\n"))
    }

    @Test func moreMemoryThanTheHostHasIsRefused() throws {
        let bench = try Bench()
        let error = try #require(throws: MachineError.self) {
            _ = try bench.assemble {
                $0.firmware = try Bench.file(Program.finish(0x5555).bytes)
                $0.memory = 1 << 50
            }
        }
        #expect(error.code == .refused)
    }

    @Test func anInitrdThatDoesNotFitIsRefused() throws {
        let bench = try Bench()
        let error = try #require(throws: MachineError.self) {
            _ = try bench.assemble {
                $0.firmware = try Bench.file(Program.finish(0x5555).bytes)
                let initrd = try Bench.file([1])
                ftruncate(initrd, 64 << 20)
                $0.initrd = initrd
            }
        }
        #expect(error.code == .refused)
    }

    @Test func firmwareLearnsWhatToStartNext() throws {
        // Prints the payload's address from the description that a2 points to, byte by byte from the low end.
        var firmware = Program()
        firmware.add(.a3, .a2, 16)
        firmware.load(.a0, Program.serial)
        for index in 0..<4 as Range<UInt32> {
            firmware.loadByte(.a1, index, at: .a3)
            firmware.storeByte(.a1, at: .a0)
        }
        firmware.append(.finish(0x5555))
        let bench = try Bench()
        let last = try bench.run {
            $0.firmware = try Bench.file(firmware.bytes)
            $0.kernel = try Bench.file(Program.finish(0x3333).bytes)
        }
        #expect(last?.kind == .poweredOff)
        #expect(try bench.consoleBytes() == [0x00, 0x00, 0x20, 0x80])
    }

    @Test func theDeviceTreeIsDumpedAsTheGuestFindsIt() throws {
        let file = try Bench.file([])
        let bench = try Bench()
        _ = try bench.assemble {
            $0.firmware = try Bench.file(Program.finish(0x5555).bytes)
            $0.deviceTreeDump = file
        }
        var magic: UInt32 = 0
        #expect(pread(file, &magic, 4, 0) == 4)
        #expect(UInt32(bigEndian: magic) == 0xd00d_feed)
    }
}
