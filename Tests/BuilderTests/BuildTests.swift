import Glibc
import Host
import Images
import Testing

@testable import Builder

/// Whole builds with a store on disk; RUN goes to the recording executor.
@Suite(.enabled(if: BuildFixture.isRoot, "file owners in layers need root"))
struct BuildTests {
    @Test func configurationsAreWrittenDown() async throws {
        let fixture = try await BuildFixture()
        let image = try await fixture.build(
            """
            FROM scratch
            ARG V=2
            ENV A=1 B=$V
            LABEL a="b c"
            WORKDIR /srv
            WORKDIR app
            USER 5:6
            EXPOSE 80 9000-9001/udp
            VOLUME /data
            STOPSIGNAL SIGQUIT
            HEALTHCHECK --retries=2 CMD true
            ONBUILD RUN x
            ENTRYPOINT ["/app"]
            CMD run $HOME
            """)
        let config = image.configuration.config
        #expect(config.environment == ["A=1", "B=2"])
        #expect(
            config.labels == ["a": "b c"] && config.workingDirectory == "/srv/app" && config.user == "5:6")
        #expect(config.exposedPorts == ["80/tcp", "9000/udp", "9001/udp"] && config.volumes == ["/data"])
        #expect(config.healthCheck?.test == ["CMD-SHELL", "true"] && config.healthCheck?.retries == 2)
        #expect(config.entrypoint == ["/app"] && config.command == ["/bin/sh", "-c", "run $HOME"])
        #expect(config.onBuild == ["RUN x"] && config.stopSignal == "SIGQUIT")
        #expect(image.configuration.history.filter { !$0.isEmptyLayer }.count == 2)
        #expect(image.configuration.rootfs.diffIDs.count == 2)
    }

    @Test func aSecondBuildTouchesNothingAndGivesTheSameImage() async throws {
        let fixture = try await BuildFixture()
        try fixture.write("a.txt", "hello")
        let text = "FROM scratch\nCOPY a.txt /\nRUN write /b two\nENV X=1\nRUN write /c three\n"
        let first = try await fixture.build(text)
        #expect(fixture.hits == 0 && fixture.executor.steps.count == 2)
        let second = try await fixture.build(text)
        #expect(second.id == first.id)
        #expect(fixture.hits == 4 && fixture.executor.steps.count == 2)
        #expect(try await fixture.file("/b", of: second) == "two")
    }

    @Test func aChangedFileMissesFromItsStepOn() async throws {
        let fixture = try await BuildFixture()
        try fixture.write("a", "1")
        try fixture.write("b", "1")
        let text = "FROM scratch\nCOPY a /\nRUN write /x 1\nCOPY b /\nRUN write /y 1\n"
        _ = try await fixture.build(text)
        try fixture.write("b", "2")
        _ = try await fixture.build(text)
        #expect(fixture.hits == 2 && fixture.executor.commands.filter { $0 == "write /y 1" }.count == 2)
        try fixture.write("a", "1", time: 5)
        _ = try await fixture.build(text)
        #expect(fixture.hits == 4, "a time alone counts for nothing")
        try fixture.write("a", "1", mode: 0o755)
        _ = try await fixture.build(text)
        #expect(fixture.hits == 0, "rights count")
    }

    @Test func argumentsInUseCountAndProxiesDoNot() async throws {
        let fixture = try await BuildFixture()
        let text = "FROM scratch\nARG V\nRUN write /x 1\n"
        _ = try await fixture.build(text) { $0.arguments = ["V": "1"] }
        _ = try await fixture.build(text) { $0.arguments = ["V": "1", "http_proxy": "p"] }
        #expect(fixture.executor.steps.count == 1)
        _ = try await fixture.build(text) { $0.arguments = ["V": "2"] }
        #expect(
            fixture.executor.steps.count == 2 && fixture.hits == 1, "the declaration itself does not count")
        #expect(fixture.executor.steps[1].environment.contains("V=2"))
        _ = try await fixture.build(text) { $0.arguments = ["V": "2", "W": "3"] }
        #expect(fixture.transcript.contains("no ARG declares these build arguments: W"))
    }

    @Test func copiesWithoutCacheGiveTheSameDigest() async throws {
        let text = "FROM scratch\nWORKDIR /srv/app\nCOPY d ./d\nCOPY <<EOF /etc/motd\nhi\nEOF\nCMD x\n"
        var ids: Set<String> = []
        for _ in 0..<2 {
            let fixture = try await BuildFixture()
            for name in ["d/z", "d/a", "d/sub/q"] { try fixture.write(name, name) }
            for folder in ["d", "d/sub"] {
                let times = [timespec](repeating: timespec(tv_sec: 1_700_000_000, tv_nsec: 7), count: 2)
                utimensat(AT_FDCWD, "\(fixture.context)/\(folder)", times, 0)
            }
            ids.insert(try await fixture.build(text) { $0.usesCache = false }.id.hex)
            ids.insert(try await fixture.build(text) { $0.usesCache = false }.id.hex)
        }
        #expect(ids.count == 1)
    }

    @Test func sourceDateEpochMakesTimesOne() async throws {
        let fixture = try await BuildFixture()
        try fixture.write("a", "1", time: 1_800_000_000)
        let image = try await fixture.build("FROM scratch\nCOPY a /\nRUN write /b 1\n") {
            $0.arguments = ["SOURCE_DATE_EPOCH": "1000000000"]
        }
        #expect(image.configuration.created == "2001-09-09T01:46:40Z")
        let node = try #require(try await fixture.node("/a", of: image))
        #expect(node.status.st_mtim.tv_sec == 1_000_000_000)
    }

    @Test func stagesGoWhereTheyAreNeeded() async throws {
        let fixture = try await BuildFixture()
        let text = """
            FROM scratch AS one
            RUN write /one 1
            FROM scratch AS unused
            RUN write /unused 1
            FROM one AS two
            RUN write /two 2
            FROM scratch
            COPY --from=two --chown=7:8 /one /two /out/
            COPY --from=0 /one /alone
            """
        let image = try await fixture.build(text)
        #expect(try await fixture.file("/out/two", of: image) == "2")
        #expect(try await fixture.file("/alone", of: image) == "1")
        #expect(try await fixture.node("/out/one", of: image)?.status.st_gid == 8)
        #expect(!fixture.executor.commands.contains("write /unused 1"))
        #expect(fixture.transcript.contains("Step 7/7 : COPY --from=0 /one /alone"))
        _ = try await fixture.build(text) { $0.target = "two" }
        #expect(fixture.transcript.contains("Step 4/4"))
    }

    @Test func failuresPointAtTheirLine() async throws {
        let fixture = try await BuildFixture()
        let error = await #expect(throws: BuildError.self) {
            try await fixture.build("FROM scratch\n\nRUN fail now\n")
        }
        #expect(
            error?.description == """
                Dockerfile:3: The command '/bin/sh -c fail now' returned a non-zero code: 3
                 3 | RUN fail now
                   | ^
                """)
        let missing = await #expect(throws: BuildError.self) {
            try await fixture.build("FROM scratch\nCOPY nope /\n")
        }
        #expect(missing?.description.hasPrefix("Dockerfile:2: “nope” is not there") == true)
        #expect(Folder.names(in: "\(fixture.root)/cache/pending").isEmpty)
    }

    @Test func mountPointsLeaveNoTrace() async throws {
        let fixture = try await BuildFixture()
        let image = try await fixture.build(
            "FROM scratch\nRUN --mount=type=secret,id=s --mount=type=cache,target=/c write /x 1\n"
        ) { $0.secrets = ["s": .value(Array("hidden".utf8))] }
        #expect(try await fixture.node("/proc", of: image) == nil)
        #expect(try await fixture.node("/etc", of: image) == nil)
        #expect(try await fixture.file("/x", of: image) == "1")
        let step = try #require(fixture.executor.steps.first)
        #expect(step.mounts.map(\.target) == ["/run/secrets/s", "/c"])
    }

    @Test func cacheFromAnImageReusesItsSteps() async throws {
        let fixture = try await BuildFixture()
        let text = "FROM scratch\nCMD x\nRUN write /a 1\nRUN write /b 1\n"
        _ = try await fixture.build(text) { $0.names = [try Reference("build1")] }
        _ = await fixture.cache.prune()
        let again = try await fixture.build(text) { $0.cacheFrom = ["build1"] }
        #expect(fixture.hits == 3 && again.tags == ["build1:latest"])
        _ = try await fixture.build(text) { $0.cacheFrom = ["build2"] }
        #expect(fixture.hits == 0)
    }

    @Test func triggersRunInTheNextBuild() async throws {
        let fixture = try await BuildFixture()
        _ = try await fixture.build("FROM scratch\nONBUILD ENV A=1\nONBUILD RUN write /t 1\n") {
            $0.names = [try Reference("parent")]
        }
        let image = try await fixture.build("FROM parent\nENV B=$A\n")
        #expect(image.configuration.config.environment == ["A=1", "B=1"])
        #expect(image.configuration.config.onBuild.isEmpty)
        #expect(try await fixture.file("/t", of: image) == "1")
    }

    @Test func pruningGivesBackWhatIsCached() async throws {
        let fixture = try await BuildFixture()
        _ = try await fixture.build("FROM scratch\nRUN --mount=type=cache,target=/c write /a 1\n")
        let items = await fixture.cache.items()
        #expect(Set(items.map(\.kind)) == [.regular, .cacheMount])
        #expect(await fixture.cache.prune().count == items.count)
        #expect(await fixture.cache.items().isEmpty)
        _ = try await fixture.build("FROM scratch\nRUN --mount=type=cache,target=/c write /a 1\n")
        #expect(fixture.hits == 0)
    }

    @Test(.enabled(if: StepSlots.processors > 1, "one processor runs one step at a time"))
    func independentStagesRunAtTheSameTime() async throws {
        let fixture = try await BuildFixture()
        _ = try await fixture.build(
            """
            FROM scratch AS one
            RUN meet first
            FROM scratch AS two
            RUN meet second
            FROM scratch
            COPY --from=one / /one/
            COPY --from=two / /two/
            """)
        #expect(fixture.executor.steps.count == 2)
    }

    @Test func aFailedStageEndsTheOthers() async throws {
        let fixture = try await BuildFixture()
        let error = await #expect(throws: BuildError.self) {
            try await fixture.build(
                "FROM scratch AS one\nRUN fail\nFROM scratch\nCOPY --from=one /x /\nRUN write /y 1\n")
        }
        #expect(error?.description.hasPrefix("Dockerfile:2:") == true)
        #expect(!fixture.executor.commands.contains("write /y 1"))
    }

    @Test func cacheMountsAreSharedAsTheySay() async throws {
        let fixture = try await BuildFixture()
        let first = try await fixture.cache.claimMount("id", sharing: .shared)
        let second = try await fixture.cache.claimMount("id", sharing: .shared)
        let own = try await fixture.cache.claimMount("id", sharing: .private)
        #expect(first.path == second.path && first.isNew && !second.isNew && own.path != first.path)
        let cache = fixture.cache
        let waiting = Task { try await cache.claimMount("id", sharing: .locked).path }
        await cache.releaseMount(first.path)
        await cache.releaseMount(second.path)
        #expect(try await waiting.value == first.path)
    }
}
