#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""note -- runs the program at the end of a note, so that its numbers stay true.  Speaks TAP.

usage: tests/ring/note.py FILE.md
"""
import contextlib, io, pathlib, re, sys, traceback

path = pathlib.Path(sys.argv[1])
print("1..1")
try:
    with contextlib.redirect_stdout(io.StringIO()):
        exec(re.findall(r"^```python\n(.*?)^```$", path.read_text(), re.M | re.S)[-1], {})
    print(f"ok 1 - the numbers of {path.name} hold")
except Exception:
    print(*(f"# {line}" for line in traceback.format_exc().splitlines()), sep="\n")
    print(f"not ok 1 - the numbers of {path.name} hold")
    sys.exit(1)
