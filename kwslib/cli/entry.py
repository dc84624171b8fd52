"""What the `kws` program runs: a Ctrl-C while the command line is still imported ends it without a traceback."""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from kwslib.cli.main import main as main
