import Glibc
import Hypervisor

exit(MachineProcess.run(CommandLine.arguments))
