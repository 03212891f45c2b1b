/// What to do with a query: the rules of a network's name server, without I/O.
package struct NameServer {
    package enum Verdict: Equatable {
        /// The whole answer.
        case answer([UInt8])
        /// Somebody else knows: ask these, or the host's servers if there are none.
        case forward([IPAddress])
        /// It is no query.
        case ignore
    }

    private let subnets: [Prefix]
    private let isInternal: Bool
    private var table = NameTable()
    private var index = NameIndex(NameTable())

    /// - Parameters:
    ///   - subnets: whose reverse names are answered here and nowhere else.
    ///   - isInternal: whether only names of the network are answered.
    package init(subnets: [Prefix], isInternal: Bool) {
        self.subnets = subnets
        self.isInternal = isInternal
    }

    package mutating func replace(_ table: NameTable) {
        self.table = table
        index = NameIndex(table)
    }

    /// - Parameter limit: the largest answer in octets that the transport allows; nil means what the query says.
    package func decide(_ query: [UInt8], from asker: IPAddress, limit: Int? = nil) -> Verdict {
        guard query.withUnsafeBytes({ DNSMessage.isQuery($0) }) else { return .ignore }
        guard let question = DNSQuestion(query), question.isInternet else { return outside(query, asker) }
        let capacity = limit ?? question.capacity
        if let addresses = index.addresses(of: question.name, asker: asker) {
            let fitting = Self.records(of: addresses, for: question.type).shuffled()
            return .answer(question.answer(.fine, addresses: fitting, capacity: capacity))
        }
        if question.type == DNSQuestion.Kind.pointer, let address = question.reversedAddress,
            subnets.contains(where: { $0.contains(address) })
        {
            guard let name = index.name(of: address) else {
                return .answer(question.answer(.noSuchName, capacity: capacity))
            }
            return .answer(question.answer(.fine, pointer: name, capacity: capacity))
        }
        guard isInternal else { return outside(query, asker) }
        return .answer(question.answer(.noSuchName, capacity: capacity))
    }

    private func outside(_ query: [UInt8], _ asker: IPAddress) -> Verdict {
        guard !isInternal else { return .answer(DNSMessage.serverFailure(for: query)) }
        return .forward(table.resolversByAsker[asker.description] ?? [])
    }

    /// A name that exists without records of the kind asked for gets an empty answer, not "no such name": else
    /// resolvers that ask for both kinds would give up on the other.
    private static func records(of addresses: [IPAddress], for type: UInt16) -> [IPAddress] {
        switch type {
        case DNSQuestion.Kind.a: addresses.filter(\.isV4)
        case DNSQuestion.Kind.aaaa: addresses.filter { !$0.isV4 }
        case DNSQuestion.Kind.any: addresses
        default: []
        }
    }
}
