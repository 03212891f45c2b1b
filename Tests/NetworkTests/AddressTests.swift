import NetworkStack
import Testing

struct AddressTests {
    @Test(arguments: ["0.0.0.0", "10.0.2.15", "255.255.255.255"]) func `IPv4 text survives the round trip`(
        text: String
    ) {
        #expect(IPv4Address(text)?.description == text)
    }

    @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1..2.3", "+1.2.3.4", "1.2.3.0004", "a.b.c.d"])
    func `bad IPv4 text is refused`(text: String) {
        #expect(IPv4Address(text) == nil)
    }

    @Test(arguments: [
        ("::", "::"), ("::1", "::1"), ("fec0::2", "fec0::2"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("FE80::", "fe80::"), ("::ffff:1.2.3.4", "::ffff:102:304"),
    ]) func `IPv6 text is read and shortened`(text: String, expected: String) {
        #expect(IPv6Address(text)?.description == expected)
    }

    @Test(arguments: [
        "", ":", ":::", "1:2", "1::2::3", "12345::", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0", "::g", "1.2.3.4::",
    ])
    func `bad IPv6 text is refused`(text: String) {
        #expect(IPv6Address(text) == nil)
    }

    @Test func `a hardware address prints as people write it`() {
        #expect(AddressPlan.standard.gatewayMAC.description == "52:55:0a:00:02:02")
    }

    @Test(arguments: [
        ("tcp:127.0.0.1:2222-:22", "tcp:127.0.0.1:2222-10.0.2.15:22"),
        ("udp::5353-10.0.2.20:53", "udp:127.0.0.1:5353-10.0.2.20:53"),
        ("tcp:0.0.0.0:0-:80", "tcp:0.0.0.0:0-10.0.2.15:80"),
        ("tcp:[::1]:80-[fec0::15]:8080", "tcp:[::1]:80-[fec0::15]:8080"),
    ]) func `a forward is parsed and its gaps are filled`(text: String, expected: String) throws {
        #expect(try PortForward(parsing: text).description == expected)
    }

    @Test(arguments: [
        ("2222-22", "no protocol"), ("sctp::1-:2", "unknown protocol \"sctp\""), ("tcp::1", "not joined"),
        ("tcp::1-:2-:3", "not joined"), ("tcp:1-:2", "no port on the host's side"),
        ("tcp::x-:2", "\"x\" is no port on the host's side"), ("tcp::70000-:2", "\"70000\" is no port"),
        ("tcp::1-:", "\"\" is no port on the guest's side"), ("tcp::1-:0", "the guest's port is 0"),
        ("tcp:nowhere:1-:2", "\"nowhere\" is no address"), ("tcp:::1:1-:2", "\"::1\" is no address"),
        ("tcp::1-8.8.8.8:2", "8.8.8.8 is not an address of a guest"),
    ]) func `a bad forward is refused with its reason`(text: String, reason: String) {
        let error = #expect(throws: NetworkError.self) { try PortForward(parsing: text) }
        #expect(error?.description.contains(reason) == true)
        #expect(error?.description.contains("tcp|udp:[HOSTADDR]:PORT-[GUESTADDR]:PORT") == true)
    }
}
