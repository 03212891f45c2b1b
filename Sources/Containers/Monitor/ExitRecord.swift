/// How a process ended: what a monitor writes to its exit file and tells its clients.
package struct ExitRecord: Codable, Equatable, Sendable {
    /// 128 + `signal` when it was killed.
    package var exitCode: Int32
    /// 0 when it ended by itself.
    package var signal: Int32
    package var oomKilled: Bool
    /// Seconds since 1970.
    package var finished: Double

    package init(exitCode: Int32, signal: Int32 = 0, oomKilled: Bool = false, finished: Double) {
        self.exitCode = exitCode
        self.signal = signal
        self.oomKilled = oomKilled
        self.finished = finished
    }

    /// From the JSON of an exit file or packet; `nil` for anything else.
    package init?(json: [UInt8]) {
        guard let value = try? JSONValue(parsing: json), case .object(let fields) = value,
            let exitCode = fields["exitCode"]?.integer.flatMap(Int32.init(exactly:))
        else { return nil }
        self.exitCode = exitCode
        signal = fields["signal"]?.integer.flatMap(Int32.init(exactly:)) ?? 0
        oomKilled = fields["oomKilled"]?.bool ?? false
        finished = fields["finished"]?.double ?? 0
    }

    /// One line of JSON without a line break.
    package var json: String {
        let ended = JSONValue.double(finished)
        return
            #"{"exitCode":\#(exitCode),"signal":\#(signal),"oomKilled":\#(oomKilled),"finished":\#(ended)}"#
    }
}
