import Containers
import Glibc

exit(64)
