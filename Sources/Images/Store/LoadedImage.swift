/// An image that `load` took in, with the names that the archive gave it.
package struct LoadedImage: Equatable, Sendable {
    package let id: Digest
    package let tags: [String]
}
