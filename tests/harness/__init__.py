# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests against real servers and phones share. Python's standard library only."""
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# RELOAD_BUILD: another build of the programs, such as build/asan (the module stays build/p2psip.so).
BUILD = os.path.abspath(os.environ.get("RELOAD_BUILD", os.path.join(ROOT, "build")))
MODULE = os.path.join(ROOT, "build", "p2psip.so")
