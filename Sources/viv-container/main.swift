import Containers
import Glibc

exit(RuntimeCommand.main(CommandLine.arguments))
