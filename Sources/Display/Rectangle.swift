/// A part of a picture, in pixels from its upper left corner.
package struct Rectangle: Equatable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    package var isEmpty: Bool { width <= 0 || height <= 0 }

    /// What both have; empty when there is nothing.
    package func intersection(_ other: Rectangle) -> Rectangle {
        let (left, top) = (max(x, other.x), max(y, other.y))
        let (right, bottom) = (min(x + width, other.x + other.width), min(y + height, other.y + other.height))
        return Rectangle(x: left, y: top, width: max(right - left, 0), height: max(bottom - top, 0))
    }

    /// The smallest one that holds both.
    package func union(_ other: Rectangle) -> Rectangle {
        if isEmpty { return other }
        if other.isEmpty { return self }
        let (left, top) = (min(x, other.x), min(y, other.y))
        let (right, bottom) = (max(x + width, other.x + other.width), max(y + height, other.y + other.height))
        return Rectangle(x: left, y: top, width: right - left, height: bottom - top)
    }
}

/// Which parts of a picture have changed: few rectangles that hold all of it, and perhaps a little more.
package struct DirtyRegion: Equatable, Sendable {
    /// Pictures are compared in squares of so many pixels.
    package static let tile = 32
    /// From so many rectangles on they are joined into one.
    private static let most = 64

    package private(set) var rectangles: [Rectangle] = []

    package init() {}

    package var isEmpty: Bool { rectangles.isEmpty }

    /// Adds a part; one that continues the latest to the right makes it wider, a row that continues one above makes
    /// that higher.
    package mutating func add(_ part: Rectangle) {
        guard !part.isEmpty else { return }
        if let last = rectangles.indices.last, rectangles[last].y == part.y,
            rectangles[last].height == part.height, rectangles[last].x + rectangles[last].width == part.x
        {
            rectangles[last].width += part.width
        } else {
            joinUpwards()
            rectangles.append(part)
        }
        if rectangles.count > Self.most { rectangles = [rectangles.reduce(rectangles[0]) { $0.union($1) }] }
    }

    /// Joins the latest, whose row is complete, with one right above it.
    private mutating func joinUpwards() {
        guard rectangles.count > 1, let last = rectangles.last else { return }
        let above = rectangles.dropLast().lastIndex {
            $0.x == last.x && $0.width == last.width && $0.y + $0.height == last.y
        }
        guard let above else { return }
        rectangles[above].height += last.height
        rectangles.removeLast()
    }

    package mutating func add(_ other: DirtyRegion) { for part in other.rectangles { add(part) } }

    /// The parts that lie in `bounds`, and no others.
    package func clipped(to bounds: Rectangle) -> DirtyRegion {
        var region = DirtyRegion()
        for part in rectangles { region.add(part.intersection(bounds)) }
        return region
    }
}
