import Model

/// `--network NAME` or `--network name=NAME,alias=…,ip=…`.
package struct NetworkChoice: Equatable, Sendable {
    package var name: String
    package var endpoint = EndpointSpec()

    package init(parsing text: String) throws(Failure) {
        guard text.contains("="), !text.hasPrefix("container:") else {
            name = text
            return
        }
        name = ""
        for field in try CommaList.split(text) {
            let value = CommaList.value(of: field) ?? ""
            switch CommaList.key(of: field) {
            case "name": name = value
            case "alias": endpoint.aliases.append(value)
            case "ip": endpoint.ipv4Address = value
            case "ip6": endpoint.ipv6Address = value
            case "mac-address": endpoint.macAddress = value
            case "driver-opt":
                endpoint.driverOptions[CommaList.key(of: value)] = CommaList.value(of: value) ?? ""
            default:
                throw .badCommandLine(
                    "unknown key in '\(text)': use name, alias, ip, ip6, mac-address or driver-opt")
            }
        }
        guard !name.isEmpty else { throw .badCommandLine("'\(text)' needs name=NETWORK") }
    }
}
