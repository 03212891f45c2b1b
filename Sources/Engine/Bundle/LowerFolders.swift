/// The lower folders of an overlay, top first.
enum LowerFolders {
    /// What `lowerdir` is given. Two steps that change nothing make the same layer, and the kernel refuses a folder that
    /// is there twice: the upper one says all that the lower one does.
    static func option(_ folders: [String]) -> String {
        var known: Set<String> = []
        return folders.filter { known.insert($0).inserted }.joined(separator: ":")
    }
}
