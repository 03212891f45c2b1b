/// The text of `vivd --help`.
package enum DaemonHelp {
    package static let text = """
        vivd - the daemon of Vivarium: containers and machines behind Docker's API and our own

        USAGE
          vivd [--data DIR] [--run DIR] [--host ADDRESS]... [OPTIONS]

        `viv` starts the daemon by itself; start it by hand to give it options. As root it manages the whole
        host; as any other user it runs inside a user namespace of its own and needs no rights.

        FOLDERS
          --data DIR   What must survive a reboot: images, volumes, containers, the database.
                       Root: /var/lib/vivarium; else $XDG_DATA_HOME/vivarium or ~/.local/share/vivarium.
          --run DIR    Sockets and the runtime's state. $XDG_RUNTIME_DIR/vivarium; without that variable
                       /run/vivarium for root, else /run/user/UID/vivarium or /tmp/vivarium-UID.

        ADDRESSES
          The daemon always listens at RUN/vivd.sock and RUN/docker.sock, for its own user and root.
          --host, -H unix:///PATH        One more socket, such as unix:///var/run/docker.sock.
          --host, -H tcp://ADDRESS:PORT  TCP; refused unless one of these guards it:
          --tlscacert FILE --tlscert FILE --tlskey FILE
                                         TLS; clients show a certificate of that authority (docker --tlsverify).
          --token-file FILE              Clients send 'Authorization: Bearer TOKEN', the first line of FILE.

        CONTAINERS AND IMAGES
          --default-publish-address ADDRESS
                       Where ports are published when the user names no address: 127.0.0.1; give 0.0.0.0 for
                       Docker's habit.
          --insecure-registry HOST[:PORT]
                       Speak to this registry without TLS. May be repeated.

        PROCESS
          --detach, -d       Return when the daemon answers, and leave it running; its log is RUN/vivd.log.
          --foreground       Stay (the default).
          --log-level LEVEL  trace, debug, info (the default), warning or error.
          --pidfile FILE     Write the process number there.
          --ready-fd N       Write "ready" to descriptor N when the daemon answers, then close it.
          --version          Say which version this is.
          --help, -h         This text.

        SIGNALS
          SIGTERM, SIGINT  Stop serving. Containers go on running; the next daemon takes them over.
          SIGHUP           Read certificates and the token again.

        EXIT STATUS
          0 stopped by a signal, 64 wrong command line, 69 another daemon runs, 70 anything else.
        """
}
