"""A tanh RNN in plain Python, as a program that bptt-check talks to. It imports no library at all.

    bptt-check run 'exec:python PATH/OF/THIS_FILE'

One layer, softmax cross-entropy or squared error at every step, summed. Arrays are nested lists.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from typing import Any

HELLO = {
    "protocol": 1,
    "name": "plain Python",
    "supports": {
        "cell": ["rnn"],
        "activation": ["tanh"],
        "layers": [1],
        "bidirectional": [False],
        "bias": [True],
        "loss": ["cross_entropy", "mse"],
        "readout": ["every"],
        "reduction": ["sum"],
    },
    "dtypes": ["float64"],
}
Vector = list[float]
Matrix = list[Vector]


# --- safetensors: length, JSON header, numbers ---------------------------------------------------


def read(path: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The arrays of a file as nested lists, and its metadata."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    arrays: dict[str, Any] = {}
    for name, entry in header.items():
        code = {"F64": "d", "I64": "q"}[entry["dtype"]]
        begin, end = entry["data_offsets"]
        flat = list(struct.unpack(f"<{(end - begin) // 8}{code}", data[begin:end]))
        arrays[name] = nested(flat, entry["shape"])
    return arrays, metadata


def write(path: str, arrays: dict[str, Any]) -> None:
    """A file of float64 arrays."""
    header: dict[str, Any] = {}
    data = b""
    for name, array in arrays.items():
        values = flattened(array)
        packed = struct.pack(f"<{len(values)}d", *values)
        offsets = [len(data), len(data) + len(packed)]
        header[name] = {"dtype": "F64", "shape": shape(array), "data_offsets": offsets}
        data += packed
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def nested(flat: list[float], sizes: list[int]) -> Any:
    """A flat list as lists of lists."""
    if not sizes:
        return flat[0]
    step = len(flat) // sizes[0]
    return [nested(flat[i * step : (i + 1) * step], sizes[1:]) for i in range(sizes[0])]


def flattened(array: Any) -> list[float]:
    """The numbers of nested lists."""
    return [v for part in array for v in flattened(part)] if isinstance(array, list) else [array]


def shape(array: Any) -> list[int]:
    """The sizes of nested lists."""
    return [len(array), *shape(array[0])] if isinstance(array, list) else []


# --- linear algebra ------------------------------------------------------------------------------


def product(W: Matrix, v: Vector) -> Vector:
    """`W v`."""
    return [sum(w * x for w, x in zip(row, v, strict=True)) for row in W]


def transposed(W: Matrix) -> Matrix:
    """The transpose."""
    return [list(column) for column in zip(*W, strict=True)]


def add(total: Vector, *shares: Vector) -> Vector:
    """The sum of vectors."""
    return [sum(values) for values in zip(total, *shares, strict=True)]


def add_outer(total: Matrix, left: Vector, right: Vector) -> None:
    """`total += left right^T`, in place."""
    for row, value in zip(total, left, strict=True):
        row[:] = [entry + value * x for entry, x in zip(row, right, strict=True)]


def zeros_like(array: Any) -> Any:
    """Zeros of the same shape."""
    return [zeros_like(part) for part in array] if isinstance(array, list) else 0.0


# --- the net -------------------------------------------------------------------------------------


def loss_and_dy(y: Vector, target: Any, loss: str) -> tuple[float, Vector]:
    """The loss of one output, and its derivative."""
    if loss == "mse":
        errors = [a - b for a, b in zip(y, target, strict=True)]
        return sum(e * e for e in errors), [2.0 * e for e in errors]
    largest = max(y)
    log_sum = largest + math.log(sum(math.exp(v - largest) for v in y))
    dy = [math.exp(v - log_sum) for v in y]
    dy[target] -= 1.0
    return log_sum - y[target], dy


def sequence(a: dict[str, Any], b: int, loss: str, grads: dict[str, Any]) -> float:
    """Loss of sequence b; its gradients are added to `grads`."""
    steps = range(len(a["x"]))
    h = [a["h0"][0][b]]
    for t in steps:
        pre = add(product(a["W_xh_l0"], a["x"][t][b]), product(a["W_hh_l0"], h[t]), a["b_h_l0"])
        h.append([math.tanh(v) for v in pre])
    total, dh = 0.0, [0.0] * len(h[0])
    for t in reversed(steps):
        y = add(product(a["W_hy"], h[t + 1]), a["b_y"])
        share, dy = loss_and_dy(y, a["targets"][t][b], loss)
        total += share
        dh = add(dh, product(transposed(a["W_hy"]), dy))
        da = [d * (1.0 - v * v) for d, v in zip(dh, h[t + 1], strict=True)]
        add_outer(grads["W_hy"], dy, h[t + 1])
        add_outer(grads["W_xh_l0"], da, a["x"][t][b])
        add_outer(grads["W_hh_l0"], da, h[t])  # the state before this step
        grads["b_y"] = add(grads["b_y"], dy)
        grads["b_h_l0"] = add(grads["b_h_l0"], da)
        grads["x"][t][b] = product(transposed(a["W_xh_l0"]), da)
        dh = product(transposed(a["W_hh_l0"]), da)
    grads["h0"][0][b] = dh
    return total


def answer(path: str) -> dict[str, Any]:
    """Loss and gradients of the case in a file."""
    arrays, metadata = read(path)
    grads = {name: zeros_like(array) for name, array in arrays.items() if name != "targets"}
    batch = range(len(arrays["x"][0]))
    return {"loss": sum(sequence(arrays, b, metadata["loss"], grads) for b in batch), **grads}


def main() -> None:
    """A hello line, then a line for every line."""
    print(json.dumps(HELLO), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        write(request["out"], answer(request["in"]))
        print(json.dumps({"id": request["id"], "ok": True}), flush=True)


if __name__ == "__main__":
    main()
