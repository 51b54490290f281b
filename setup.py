"""What pyproject.toml cannot say: what is made of the sources when the wheel is built."""

import os
import sys
import time
from pathlib import Path

from setuptools import setup  # first: it is what brings distutils
from setuptools.command.build_py import build_py

from distutils.command.install_data import install_data  # isort: skip

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT))


class BuildPages(build_py):
    """Also writes `sslfix/rules/_pages.py`, into the build and never into the checkout."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        from sslfix import rules
        from sslfix.rules.compiled import source

        target = Path(self.build_lib, "sslfix", "rules", "_pages.py")
        target.write_text(source(rules.read()), encoding="utf-8")


class InstallManual(install_data):
    """Writes the manual page that `sslfix completion man` prints to where `man` looks for it."""

    def run(self) -> None:
        super().run()
        from sslfix import cli, shells
        from sslfix.shells import man

        day = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
        target = Path(self.install_dir, "share", "man", "man1", "sslfix.1")
        page = man.render(shells.commands(cli.parsers()), time.strftime("%Y-%m-%d", day))
        target.write_text(page + "\n", encoding="utf-8")
        self.outfiles.append(str(target))


setup(
    cmdclass={"build_py": BuildPages, "install_data": InstallManual},
    data_files=[("share/man/man1", [])],
)
