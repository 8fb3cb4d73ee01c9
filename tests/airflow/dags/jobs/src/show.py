"""Print the arguments."""

import sys

print(sys.argv[1:])
