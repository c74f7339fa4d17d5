"""Install the package into a fresh environment and print its size in MB.

python benchmarks/install_size.py [PYTHON]
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main(python: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "fresh")
        subprocess.run([python, "-m", "venv", str(home)], check=True)
        pip = str(home / "bin" / "pip")
        subprocess.run([pip, "install", "--quiet", str(ROOT)], check=True)
        files = (path for path in home.rglob("*") if path.is_file() and not path.is_symlink())
        print(f"{sum(path.stat().st_size for path in files) / 1e6:,.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else sys.executable)
