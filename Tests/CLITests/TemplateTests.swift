import CLI
import Testing

/// Formats as Docker's users write them.
@Suite struct TemplateTests {
    private static let value = JSONValue(
        parsing: Array(
            #"{"ID":"abc","Names":"web","Labels":"a=1,b=2","Size":12,"On":true,"Off":false,"#.utf8)
            + Array(
                #""Nets":{"b":{"IP":"2"},"a":{"IP":"1"}},"Ports":[80,443],"Config":{"Cmd":["x","y z"],"User":""}}"#
                    .utf8))

    @Test(
        arguments: [
            ("{{.ID}}", "abc"), ("{{.ID}}\\t{{.Names}}", "abc\tweb"), ("{{json .Ports}}", "[80,443]"),
            ("{{.Config.Cmd}}", "[x y z]"), ("{{range .Nets}}{{.IP}} {{end}}", "1 2 "),
            ("{{range .Ports}}<{{.}}>{{else}}none{{end}}", "<80><443>"),
            ("{{if .On}}yes{{else}}no{{end}}", "yes"), ("{{if .Off}}a{{else if .On}}b{{else}}c{{end}}", "b"),
            ("{{if and .On (not .Off)}}both{{end}}", "both"), ("{{upper .Names}}", "WEB"),
            ("{{.Names | upper | printf}}", nil), ("{{index .Ports 1}}", "443"),
            ("{{index .Nets \"a\" \"IP\"}}", "1"),
            ("{{join .Config.Cmd \", \"}}", "x, y z"), ("{{len .Ports}}", "2"), ("{{.Label \"b\"}}", "2"),
            ("{{with .Config}}{{.Cmd}}{{end}}", "[x y z]"), ("{{if eq .Size 12}}dozen{{end}}", "dozen"),
            ("a {{- .ID -}} b", "aabcb"), ("{{range .Nets}}{{$.ID}}{{end}}", "abcabc"),
            ("{{/* remark */}}x", "x"),
            ("{{println .ID}}", "abc\n"), ("{{.Config.User}}", ""),
            ("{{.Nmaes}}", nil), ("{{.ID", nil), ("{{if .On}}", nil), ("{{end}}", nil), ("{{}}", nil),
            ("{{frob .ID}}", nil),
        ] as [(String, String?)])
    func `a template renders or is refused`(text: String, expected: String?) throws {
        let value = try #require(Self.value)
        let result = try? Template(parsing: text).render(value)
        #expect(result == expected)
    }

    @Test func `a list is a table, JSON or what the template makes of it`() throws {
        var listing = Listing([.init("ID", "ID"), .init("NAME", "Names")])
        listing.add(["ID": "1", "Names": "web", "Ports": "80"], value: JSONValue(["id": "1"]))
        listing.add(["ID": "22", "Names": "db", "Ports": ""], value: JSONValue(["id": "22"]))
        #expect(try listing.lines(.table) == ["ID  NAME\n1   web\n22  db"])
        #expect(try listing.lines(.json) == [#"[{"id":"1"},{"id":"22"}]"#])
        #expect(try listing.lines(OutputFormat(parsing: "{{.Names}}")) == ["web", "db"])
        #expect(
            try listing.lines(OutputFormat(parsing: "table {{.Names}}\\t{{.Ports}}")) == [
                "NAME  PORTS\nweb   80\ndb"
            ])
        #expect(throws: Failure.self) { try OutputFormat(parsing: "xml") }
        let failure = #expect(throws: Failure.self) { try listing.lines(OutputFormat(parsing: "{{.Name}}")) }
        #expect(failure?.description.contains("did you mean 'Names'?") == true)
    }

    @Test(arguments: [
        "{", "[1,", "\"a", "{\"a\" 1}", "nul", "01x", "[1]]", "", "{\"a\":}", "\"\\u12\"",
        String(repeating: "[", count: 9999),
    ])
    func `what is not JSON is refused`(text: String) { #expect(JSONValue(parsing: text.utf8) == nil) }

    @Test func `JSON keeps its order and its characters`() throws {
        let text = #"{"b":[1,2.50,-3e4],"a":"\"\\\n\u0001é😀","n":null}"#
        let value = try #require(JSONValue(parsing: text.utf8))
        #expect(value.compact == text)
        #expect(JSONValue(parsing: value.pretty().utf8) == value)
        #expect(JSONValue(parsing: #""\ud83d\ude00\ud83d""#.utf8) == "😀\u{fffd}")
    }

    @Test func `amounts are shown as people read them`() {
        #expect(Amounts.decimal(0) == "0B" && Amounts.decimal(1234) == "1.23kB")
        #expect(Amounts.decimal(117_000_000) == "117MB" && Amounts.binary(256 << 20) == "256MiB")
        #expect(Amounts.duration(0.5) == "Less than a second" && Amounts.duration(3700) == "About an hour")
        #expect(Amounts.duration(200) == "3 minutes" && Amounts.duration(86400 * 3) == "3 days")
        #expect(Amounts.precise(nanoseconds: 1_764_082_201_000_000_001) == "2025-11-25T14:50:01.000000001Z")
        #expect(Amounts.fixed(12.345, 2) == "12.35" && Amounts.fixed(-0.001, 2) == "0.00")
    }
}
