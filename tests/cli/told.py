# SPDX-License-Identifier: MIT
"""told.py COMMAND... -- what COMMAND tells its service manager; it is asked to stop once it is ready.  Its exit code is this one's."""
import os, signal, socket, subprocess, sys

PATIENCE = 120                          # seconds: much longer than either takes anywhere

notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notices.bind(os.environ["NOTIFY_SOCKET"])
notices.settimeout(PATIENCE)
program = subprocess.Popen(sys.argv[1:], env=dict(os.environ, NOTIFY_SOCKET=os.path.abspath(os.environ["NOTIFY_SOCKET"])))
try:
    while (said := notices.recv(4096).decode()) and print(said, flush=True) is None and not said.startswith("STOPPING=1"):
        if said == "READY=1":
            program.send_signal(signal.SIGTERM)
    sys.exit(program.wait(PATIENCE))
except TimeoutError:
    sys.exit(f"{sys.argv[1]} said nothing more to its service manager for {PATIENCE} s")
except subprocess.TimeoutExpired:
    sys.exit(f"{sys.argv[1]} was asked to stop and did not end within {PATIENCE} s")
finally:
    program.kill()
