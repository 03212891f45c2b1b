import Devices
import Display
import Model

/// A machine's screen, keyboard and mouse, for whoever sits before them. Belongs to the loop's thread.
final class Seat: @unchecked Sendable {
    // SAFETY: `surface` is touched by the loop's thread only; the devices guard themselves.

    private let surface: Surface
    private let screen: VGA
    private let keyboard: KeyboardController

    /// - Parameter surface: where the parent looks for pixels.
    init(surface: Surface, screen: VGA, keyboard: KeyboardController) {
        self.surface = surface
        self.screen = screen
        self.keyboard = keyboard
    }

    /// Draws the screen; `nil` when there is no room for it.
    func draw(isBlinkedOff: Bool) -> ScreenStatus? {
        guard screen.draw(into: surface, isBlinkedOff: isBlinkedOff) else { return nil }
        return ScreenStatus(width: surface.width, height: surface.height, text: screen.text(on: surface))
    }

    /// Presses and releases keys; why that cannot be, or `nil`.
    func press(_ keys: [KeyMotion]) -> String? {
        let taken = keyboard.press(keys.map { ($0.key, $0.isDown) })
        return taken ? nil : "the guest does not read its keyboard"
    }

    func point(_ motion: PointerMotion) {
        keyboard.moveMouse(x: motion.x, y: motion.y, wheel: motion.wheel, buttons: motion.buttons)
    }
}
