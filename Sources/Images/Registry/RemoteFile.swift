import AsyncHTTPClient
import Glibc
import Host

/// Files of web servers, for builds.
package enum RemoteFile {
    /// Gives up at once where the shared client would try to connect for a minute and a half.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            timeout: .init(connect: .seconds(15), read: .seconds(60)))
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// Writes what `url` (http or https) gives to a descriptor; redirections are followed.
    ///
    /// - Returns: when the server says it was changed last, in seconds since 1970.
    package static func fetch(
        _ url: String, into descriptor: Int32, limit: Int64
    ) async throws(ImageError) -> Int64? {
        do {
            let response = try await client.execute(HTTPClientRequest(url: url), timeout: .hours(1))
            guard response.status == .ok else {
                throw ImageError(.unavailable, "\(url) answers \(response.status)")
            }
            var count: Int64 = 0
            for try await part in response.body {
                count += Int64(part.readableBytes)
                guard count <= limit else {
                    throw ImageError(.invalid, "\(url) is larger than \(limit) bytes")
                }
                try Descriptors.writeAll(descriptor, Array(part.readableBytesView))
            }
            return response.headers.first(name: "last-modified").flatMap(seconds)
        } catch let error as ImageError {
            throw error
        } catch {
            throw RegistryTransport.describe(error, host: RegistryTransport.origin(url), RegistrySettings())
        }
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Seconds of an HTTP date (RFC 9110, 5.6.7): `Wed, 21 Oct 2015 07:28:00 GMT`.
    private static func seconds(_ date: String) -> Int64? {
        let words = date.split { $0 == " " || $0 == ":" }
        guard words.count == 8, let month = months.firstIndex(of: String(words[2])) else { return nil }
        let numbers = [1, 3, 4, 5, 6].compactMap { Int32(words[$0]) }
        guard numbers.count == 5, (1970...9999).contains(numbers[1]) else { return nil }
        var parts = tm()
        (parts.tm_mday, parts.tm_mon, parts.tm_year) = (numbers[0], Int32(month), numbers[1] - 1900)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[2], numbers[3], numbers[4])
        return Int64(timegm(&parts))
    }
}
