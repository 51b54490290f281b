"""What pyproject.toml cannot say: the rules' pages are compiled into the wheel."""

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


class BuildPages(build_py):
    """Also writes `sslfix/rules/_pages.py`, into the build and never into the checkout."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        sys.path.insert(0, str(ROOT))
        from sslfix import rules
        from sslfix.rules.compiled import source

        target = Path(self.build_lib, "sslfix", "rules", "_pages.py")
        target.write_text(source(rules.read()), encoding="utf-8")


setup(cmdclass={"build_py": BuildPages})
