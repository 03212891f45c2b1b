/// The characters that a PC's text screen shows, as Unicode: code page 437, control codes by their pictures.
package enum CodePage437 {
    private static let low = Array("\u{20}☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼")
    private static let high = Array(
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{20}"
    )

    /// What a code looks like; codes that show nothing are blanks.
    package static func character(_ code: UInt8) -> Character {
        switch code {
        case 0..<0x20: low[Int(code)]
        case 0x20..<0x7F: Character(Unicode.Scalar(code))
        case 0x7F: "⌂"
        default: high[Int(code) - 0x80]
        }
    }

    /// A row of codes as text, without the blanks at its end.
    package static func text(_ codes: some Sequence<UInt8>) -> String {
        var characters = codes.map(character)
        while characters.last == " " { characters.removeLast() }
        return String(characters)
    }
}
