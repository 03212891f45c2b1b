import Daemon

let daemon = DaemonProcess.prepare(Array(CommandLine.arguments.dropFirst()))
await daemon.live()
