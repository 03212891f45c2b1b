import CLI
import Glibc

exit(Door.enter(Array(CommandLine.arguments.dropFirst())))
