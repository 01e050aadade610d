"""Choose the newest packages that requirements/*.in and package.json allow, and lock them by hash.

The locks hold no address of a registry: each machine uses the one that it is set up for.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("base", "dev", "node")  # dev is constrained by base, so base comes first


def main() -> int:
    """Write every lock; return the exit code."""
    for name in LOCKS:
        print(f"requirements/{name}.txt …", flush=True)
        subprocess.run(
            [
                *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--upgrade"),
                *("--universal", "--python-version", "3.11", "--generate-hashes"),
                *("--no-header", "--no-annotate", "--no-emit-index-url"),
                *(f"requirements/{name}.in", "-o", f"requirements/{name}.txt"),
            ],
            cwd=ROOT,
            check=True,
        )
    print("package-lock.json …", flush=True)
    subprocess.run(["npm", "update", "--package-lock-only"], cwd=ROOT, check=True)
    print("Now `make test lint`, which installs what was chosen (npm ci proves the lock).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
