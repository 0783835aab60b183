"""The process of a run in tests: prints its inputs as its result."""

import sys

if __name__ == "__main__":
    sys.stdout.write(sys.stdin.readline())
