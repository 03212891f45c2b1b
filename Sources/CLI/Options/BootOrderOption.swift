import ArgumentParser
import Model

/// `DEVICE[,DEVICE…][,menu]`: what a PC starts from, in which order.
package struct BootOrderOption: Equatable, Sendable {
    package var devices: [BootDevice] = []
    /// Firmware asks.
    package var showsMenu = false

    package init() {}

    package init(parsing text: String) throws {
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            if word == "menu" {
                showsMenu = true
            } else if let device = BootDevice(rawValue: String(word)), !devices.contains(device) {
                devices.append(device)
            } else {
                let names = BootDevice.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("cannot start from '\(word)': there are \(names), each once, and menu")
            }
        }
    }
}
