"""A program for `exec:` that breaks the protocol in the way its argument names, where T = 2.

python talking.py MODE                  long-lived
python talking.py MODE in out           one-shot
"""

from __future__ import annotations

import importlib.util
import json
import os
import struct
import sys
import time
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "exec_python.py"
spec = importlib.util.spec_from_file_location("exec_python", EXAMPLE)
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)

MODE, *FILES = sys.argv[1:]
HELLOS = {
    "no-hello": "welcome to my program",
    "other-protocol": json.dumps({"protocol": 99}),
    "no-protocol": json.dumps({"name": "mine"}),
    "unknown-field": json.dumps({"protocol": 1, "supports": {"cel": ["lstm"]}}),
    "unknown-dtype": json.dumps({"protocol": 1, "dtypes": ["float8"]}),
    "everything": json.dumps({"protocol": 1, "name": "all", "dtypes": ["float64", "float32"]}),
    "nothing": json.dumps({"protocol": 1, "supports": {"cell": []}}),
}


def spoil(request: dict, arrays: dict) -> None:
    """What goes wrong in one answer; ends the process, or writes both file and line."""
    reply: dict = {"id": request["id"], "ok": True}
    if MODE == "dies":
        print("about to fail\nout of cheese", file=sys.stderr)
        sys.exit(9)
    if MODE == "crashes":
        os.abort()
    if MODE == "slow":
        time.sleep(0.4)
    if MODE == "hangs":
        time.sleep(600)
    if MODE == "closes":
        os.close(1)
        time.sleep(600)
    if MODE == "babbles":
        print("epoch 1: loss 0.3")
    if MODE == "endless":
        sys.stdout.write("x" * 2**21)
    if MODE == "wrong-id":
        reply["id"] += 1
    if MODE == "wrong-type":
        reply["id"] = "seven"
    if MODE == "declines":
        reply = {"id": request["id"], "unsupported": "T = 2 is too short"}
    if MODE == "reports":
        reply = {"id": request["id"], "error": "singular matrix"}
    if MODE == "not-ok":
        reply["ok"] = False
    if MODE == "missing":
        del arrays["W_hh_l0"]
    if MODE == "extra":
        arrays["dW"] = [1.0]
    if MODE == "mis-shaped":
        arrays["W_hh_l0"] = arrays["W_hh_l0"][0]
    if MODE == "lossless":
        del arrays["loss"]
    if MODE == "outputs":
        arrays["output.y"] = [1.0, 2.0]
    path = Path(request["out"])
    if MODE != "fileless":
        example.write(str(path), arrays)
    if MODE == "truncated":
        path.write_bytes(path.read_bytes()[:-8])
    if MODE == "float32":
        header = json.dumps(
            {"loss": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}
        ).encode()
        path.write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<f", 1.0))
    if MODE == "declines-in-file":
        header = json.dumps({"__metadata__": {"unsupported": "not today"}}).encode()
        path.write_bytes(struct.pack("<Q", len(header)) + header)
    print(json.dumps(reply), flush=True)


def reply_to(request: dict) -> None:
    """The right answer, spoilt where T = 2."""
    arrays = example.answer(request["in"])
    if len(arrays["x"]) == 2:
        spoil(request, arrays)
    else:
        example.write(request["out"], arrays)
        print(json.dumps({"id": request["id"], "ok": True}), flush=True)


if MODE == "silent":
    sys.exit(0)
if FILES:
    reply_to({"id": 0, "in": FILES[0], "out": FILES[1]})
else:
    print(HELLOS.get(MODE) or json.dumps(example.HELLO), flush=True)
    if MODE == "deaf":
        time.sleep(600)
    for line in sys.stdin:
        reply_to(json.loads(line))
