"""Reads the layers of a suite for the peers that Python times, and tells the statistics of their samples."""
import json
import re
import statistics
import sys
import time


def layer(line):
    """The hyperparameters of a plain or transposed 2D layer's descriptor, its name and its FLOP."""
    head, _, name = line.partition('n"')
    head, _, kind = head.partition("+")
    if kind not in ("", "transposed") or re.search(r"[iok]d\d", head):
        raise ValueError(f"{line}: only plain and transposed 2D layers are timed")
    d = {"g": 1, "mb": 1, "sh": 1, "ph": 0, "dh": 0, "transposed": kind != ""}
    d.update((key, int(n)) for key, n in re.findall(r"([a-z]+)(\d+)", head))
    for key in "iokspd":
        if key + "h" in d:
            d.setdefault(key + "w", d[key + "h"])
    for a in "hw":
        extent = (d["k" + a] - 1) * (d["d" + a] + 1) + 1
        if kind:
            least = (d["i" + a] - 1) * d["s" + a] + extent - 2 * d["p" + a]
            d["more" + a] = d.setdefault("o" + a, least) - least
            continue
        d.setdefault("o" + a, (d["i" + a] + 2 * d["p" + a] - extent) // d["s" + a] + 1)
        d["behind" + a] = max(0, (d["o" + a] - 1) * d["s" + a] + extent - d["i" + a] - d["p" + a])
    positions = d["ih"] * d["iw"] if kind else d["oh"] * d["ow"]
    d["flop"] = 2 * d["mb"] * d["oc"] * positions * d["ic"] // d["g"] * d["kh"] * d["kw"]
    return d, name.rstrip('"')


def lines():
    """The descriptors on stdin: of a suite, or of a file of results of `gpuconv bench`."""
    text = sys.stdin.read()
    if text.startswith("{"):
        return [r["problem"] for r in json.loads(text)["results"] if "gradient" not in r]
    return [s for s in map(str.strip, text.splitlines()) if s and not s.startswith("#")]


def sample(once, budget=1.0, fewest=5, most=200):
    """Milliseconds of calls of once, which gives a call's time, until the budget's seconds are over."""
    samples, end = [], time.monotonic() + budget
    while len(samples) < fewest or (len(samples) < most and time.monotonic() < end):
        samples.append(once())
    return samples


def whole(line, once):
    """What a peer's row has of a layer, once being a whole run by the wall clock, from the host to the host."""
    d, name = layer(line)
    first = once()
    once()
    samples = sample(once)
    median = statistics.median(samples)
    row = {"problem": line, "name": name, "first_ms": first, "median_ms": median, "min_ms": min(samples),
           "samples_ms": samples, "gflops": d["flop"] / median / 1e6}
    print(f"{name:24} {median:10.2f} ms {row['gflops']:10.1f} GFLOP/s", file=sys.stderr)
    return row
