import Glibc
import KernelNetwork

exit(64)
