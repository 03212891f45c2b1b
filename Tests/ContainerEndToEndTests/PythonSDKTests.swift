import Foundation
import ProgramDriver
import Testing

/// Docker's Python library, driving our daemon.
@Suite(
    .serialized,
    .enabled(if: Requirement.containers, Requirement.why),
    .enabled(if: Clients.hasSDK, "PyPI's docker is not in .build/python: make test fetches it"))
struct PythonSDKTests {
    let daemon: DaemonUnderTest

    init() throws { daemon = try DaemonUnderTest() }

    private func says(_ expected: String, _ script: String) throws {
        let answer = try Clients.python(
            "import docker, io, tarfile\nclient = docker.from_env()\nimage = '\(Busybox.name)'\n" + script,
            host: daemon.dockerHost)
        #expect(answer.output == expected + "\n", "\(answer.errors)")
    }

    @Test func containersRunAndAnswer() throws {
        try says("b'hello\\n'", "print(client.containers.run(image, ['echo', 'hello'], remove=True))")
        try says(
            "running 3 b'in\\n' exited",
            """
            c = client.containers.run(image, 'sleep 1000', detach=True, name='sdk', labels={'a': 'b'})
            c.reload(); state = c.status
            code = c.exec_run('sh -c "exit 3"').exit_code
            out = c.exec_run('echo in').output
            c.stop(timeout=0); c.reload()
            print(state, code, out, c.status)
            c.remove()
            """)
    }

    @Test func aFailingContainerIsAnError() throws {
        try says(
            "5 b'bad\\n'",
            """
            try:
                client.containers.run(image, ['sh', '-c', 'echo bad >&2; exit 5'])
            except docker.errors.ContainerError as error:
                print(error.exit_status, error.stderr)
            """)
        try says(
            "404",
            """
            try:
                client.containers.get('nobody')
            except docker.errors.NotFound as error:
                print(error.response.status_code)
            """)
    }

    @Test func imagesAreBuiltAndArchivesGoInAndOut() throws {
        try says(
            "['sdk/built:1'] b'built\\n'",
            """
            built, log = client.images.build(fileobj=io.BytesIO(b'FROM ' + image.encode() + b'\\nRUN echo built >/x\\n'),
                tag='sdk/built:1')
            print(built.tags, client.containers.run('sdk/built:1', 'cat /x', remove=True))
            """)
        try says(
            "True note b'text'",
            """
            c = client.containers.create(image, 'true')
            data = io.BytesIO(); archive = tarfile.open(fileobj=data, mode='w')
            entry = tarfile.TarInfo('note'); entry.size = 4; archive.addfile(entry, io.BytesIO(b'text')); archive.close()
            put = c.put_archive('/tmp', data.getvalue())
            stream, stat = c.get_archive('/tmp/note')
            back = tarfile.open(fileobj=io.BytesIO(b''.join(stream)))
            print(put, stat['name'], back.extractfile('note').read())
            c.remove()
            """)
    }

    @Test func networksVolumesAndEvents() throws {
        try says(
            "['sdknet'] sdkvolume ['create', 'destroy']",
            """
            n = client.networks.create('sdknet'); v = client.volumes.create('sdkvolume')
            c = client.containers.run(image, 'true', network='sdknet', volumes={'sdkvolume': {'bind': '/v'}}, detach=True)
            c.wait(); c.reload(); names = list(c.attrs['NetworkSettings']['Networks']); c.remove()
            n.remove(); name = v.name; v.remove()
            import time
            seen = [e['Action'] for e in client.events(since=0, until=int(time.time()) + 1, decode=True,
                filters={'type': 'network'})]
            print(names, name, [a for a in seen if a in ('create', 'destroy')][-2:])
            """)
    }
}
