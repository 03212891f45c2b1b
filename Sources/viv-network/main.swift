import Glibc
import KernelNetwork

exit(NetworkProcess.run(CommandLine.arguments))
