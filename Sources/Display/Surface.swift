import CLinux
import Glibc
import Host

/// What a screen shows: rows of pixels, each 32 bits, 0x00RRGGBB, without gaps between them.
///
/// The memory is made once for the largest picture; the picture in it may change its size.
package final class Surface {
    /// The most pixels: 2560 by 1600 and some.
    package static let largest = 4 << 20
    /// Bytes of memory that a surface for `largest` pixels takes.
    package static let largestBytes = largest * 4

    /// How many pixels there is room for.
    package let capacity: Int
    package let pixels: UnsafeMutablePointer<UInt32>
    package private(set) var width = 0
    package private(set) var height = 0

    /// Black, and without an extent.
    ///
    /// - Parameter capacity: in pixels, from 1 to `largest`.
    /// - Returns: `nil` when the host has no memory.
    package convenience init?(capacity: Int = Surface.largest) {
        self.init(mapping: -1, flags: MAP_PRIVATE | MAP_ANONYMOUS, capacity: capacity)
    }

    /// Pixels in a memory file that other processes see, too; it has `largestBytes` bytes.
    package convenience init?(shared descriptor: Int32) {
        guard let status = try? FileStatus(of: descriptor), status.size >= UInt64(Self.largestBytes) else {
            return nil
        }
        self.init(mapping: descriptor, flags: MAP_SHARED, capacity: Self.largest)
    }

    private init?(mapping descriptor: Int32, flags: Int32, capacity: Int) {
        guard (1...Self.largest).contains(capacity) else { return nil }
        let memory = mmap(
            nil, capacity * 4, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, descriptor, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        self.capacity = capacity
        pixels = memory.bindMemory(to: UInt32.self, capacity: capacity)
    }

    deinit { munmap(pixels, capacity * 4) }

    /// A memory file for the pixels of a surface that processes share. It cannot shrink, so that nobody's reading
    /// fails.
    package static func makeFile() throws(SystemError) -> FileDescriptor {
        let raw = try checked("make a screen's memory") { viv_sealed_memfd() }
        let file = FileDescriptor(owning: raw)
        try checked("size a screen's memory") { ftruncate(raw, largestBytes) }
        try checked("seal a screen's memory") { fcntl(raw, addSeals, fixedSize) }
        return file
    }

    /// F_ADD_SEALS; F_SEAL_SHRINK, F_SEAL_GROW and, against other seals, F_SEAL_SEAL.
    private static let (addSeals, fixedSize): (Int32, Int32) = (1033, 7)

    /// Gives the picture another size; what was there before is no longer in its place.
    ///
    /// - Returns: false, and nothing changes, when there is no room for so many pixels.
    package func resize(_ width: Int, _ height: Int) -> Bool {
        guard (0...capacity).contains(width), (0...capacity).contains(height) else { return false }
        guard width * height <= capacity else { return false }
        (self.width, self.height) = (width, height)
        return true
    }

    /// The pixel in a column and row, which lie inside.
    package subscript(column: Int, row: Int) -> UInt32 {
        get { pixels[row * width + column] }
        set { pixels[row * width + column] = newValue }
    }

    /// The whole picture.
    package var bounds: Rectangle { Rectangle(x: 0, y: 0, width: width, height: height) }

    /// Becomes what `other` shows.
    ///
    /// - Returns: what has changed: the whole when the size has. `nil` when there is no room.
    package func update(from other: Surface) -> DirtyRegion? {
        var dirty = DirtyRegion()
        guard width == other.width, height == other.height else {
            guard resize(other.width, other.height) else { return nil }
            pixels.update(from: other.pixels, count: width * height)
            dirty.add(bounds)
            return dirty
        }
        let size = DirtyRegion.tile
        for y in stride(from: 0, to: height, by: size) {
            for x in stride(from: 0, to: width, by: size) {
                let tile = Rectangle(x: x, y: y, width: min(size, width - x), height: min(size, height - y))
                if take(tile, from: other) { dirty.add(tile) }
            }
        }
        return dirty
    }

    /// Copies the rows of a tile that differ; whether any did.
    private func take(_ tile: Rectangle, from other: Surface) -> Bool {
        var hasChanged = false
        for row in tile.y..<tile.y + tile.height {
            let place = row * width + tile.x
            guard memcmp(pixels + place, other.pixels + place, tile.width * 4) != 0 else { continue }
            (pixels + place).update(from: other.pixels + place, count: tile.width)
            hasChanged = true
        }
        return hasChanged
    }
}
