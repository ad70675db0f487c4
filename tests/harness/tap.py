# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints facts as TAP: `ok - what` or `not ok - what`, the plan last, and an exit code to match."""
import contextlib
import signal
import sys
import traceback

from . import process


class Failed(Exception):
    """A fact that does not hold; its text says what was seen instead."""


class Tap:
    def __init__(self, seconds):
        """seconds: the time limit of the whole run, after which it ends as failed."""
        self.count = 0
        self.failed = 0
        signal.signal(signal.SIGALRM, self._alarm)
        signal.alarm(seconds)

    def _alarm(self, *_):
        signal.alarm(20)  # the clean-up has a limit too
        raise TimeoutError("the time limit of the whole run is over")

    def ok(self, held, what, detail=""):
        self.count += 1
        if not held:
            self.failed += 1
        print(("ok - " if held else "not ok - ") + what, flush=True)
        if not held and detail:
            self.note(detail)
        return held

    def note(self, text):
        for line in str(text).splitlines():
            print("# " + line, flush=True)

    @contextlib.contextmanager
    def fact(self, what):
        """One fact: holds unless the block raises. Processes go on; only the alarm ends the run."""
        try:
            yield
        except (Failed, process.Unexpected, OSError, ValueError, KeyError) as error:
            if isinstance(error, TimeoutError):
                self.ok(False, what, error)
                raise
            text = str(error)
            if not isinstance(error, (Failed, process.Unexpected)):
                text = traceback.format_exc()
            self.ok(False, what, text)
        else:
            self.ok(True, what)

    def skip(self, what, why):
        self.count += 1
        print("ok - %s # SKIP %s" % (what, why), flush=True)


@contextlib.contextmanager
def run(seconds):
    """The frame of a test program: prints the plan, ends all processes, exits with the result."""
    tap = Tap(seconds)
    try:
        yield tap
    except (Failed, process.Unexpected, OSError) as error:
        tap.ok(False, "ran to its end", traceback.format_exc() if isinstance(error, OSError) else error)
    except Exception:  # a mistake in the test itself is a failure to report like any other
        tap.ok(False, "ran to its end", traceback.format_exc())
    finally:
        left = process.stop_all()
        signal.alarm(0)
    for line in left:
        tap.ok(False, "processes end when told to", line)
    print("1..%d" % tap.count, flush=True)
    sys.exit(1 if tap.failed or not tap.count else 0)


def require(held, text):
    if not held:
        raise Failed(text)
