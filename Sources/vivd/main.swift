import Daemon
import Glibc

exit(64)
