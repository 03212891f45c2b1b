/// What `--help` prints.
enum Usage {
    static let text = """
        NAME:
           viv-container - Open Container Initiative runtime

        USAGE:
           viv-container [global options] command [command options] [arguments...]

        COMMANDS:
           create    create a container; it waits for start
           start     run the program of a created container
           run       create and start a container
           exec      run another program in a container
           state     print the state of a container
           list      list the containers of this root
           ps        list the processes of a container
           kill      send a signal to a container's first process
           delete    remove a container and what it held
           pause     freeze all processes of a container
           resume    thaw them
           update    change resource limits
           events    print statistics and out-of-memory events
           features  print what this runtime supports
           spec      write a config.json to start from
           monitor   keep a container's output, terminal and exit code
           rootless  run a program as root of a new user namespace
           init      run a program and reap orphans

        GLOBAL OPTIONS:
           --root DIR            where states are kept
           --log FILE            where errors are written, beside standard error
           --log-format FORMAT   text or json
           --debug               write more to the log
           --help, -h            print this
           --version, -v         print versions
        """
}
