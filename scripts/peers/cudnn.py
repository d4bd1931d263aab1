"""Times cuDNN through PyTorch on the layers of a suite, for `gpuconv compare`:

    python3 cudnn.py < SUITE.txt > RESULTS.json

In float32 with TF32 off, by the GPU's own events, with operands resident and cuDNN's own choice of
algorithm (torch.backends.cudnn.benchmark).
"""
import json
import re
import statistics
import sys
import time

import torch

BUDGET, FEWEST, MOST = 1.0, 5, 200


def layer(line):
    """The hyperparameters of a plain 2D layer's descriptor."""
    head, _, name = line.partition('n"')
    if "+" in head or re.search(r"[iok]d\d", head):
        raise ValueError(f"{line}: only plain 2D layers are timed")
    d = {"g": 1, "mb": 1, "sh": 1, "ph": 0, "dh": 0}
    d.update((key, int(n)) for key, n in re.findall(r"([a-z]+)(\d+)", head))
    for key in "iokspd":
        if key + "h" in d:
            d.setdefault(key + "w", d[key + "h"])
    for a in "hw":
        extent = (d["k" + a] - 1) * (d["d" + a] + 1) + 1
        d.setdefault("o" + a, (d["i" + a] + 2 * d["p" + a] - extent) // d["s" + a] + 1)
        d["behind" + a] = max(0, (d["o" + a] - 1) * d["s" + a] + extent - d["i" + a] - d["p" + a])
    return d, name.rstrip('"')


def measure(line):
    d, name = layer(line)
    conv = torch.nn.Conv2d(d["ic"], d["oc"], (d["kh"], d["kw"]), stride=(d["sh"], d["sw"]),
                           dilation=(d["dh"] + 1, d["dw"] + 1), groups=d["g"]).cuda()
    x = torch.randn(d["mb"], d["ic"], d["ih"], d["iw"], device="cuda")
    x = torch.nn.functional.pad(x, (d["pw"], d["behindw"], d["ph"], d["behindh"]))
    with torch.inference_mode():
        for _ in range(5):
            conv(x)
        samples, end = [], time.monotonic() + BUDGET
        while len(samples) < FEWEST or (len(samples) < MOST and time.monotonic() < end):
            begun, ended = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begun.record()
            conv(x)
            ended.record()
            ended.synchronize()
            samples.append(begun.elapsed_time(ended))
    flop = 2 * d["mb"] * d["oc"] * d["oh"] * d["ow"] * d["ic"] // d["g"] * d["kh"] * d["kw"]
    median, tenths = statistics.median(samples), statistics.quantiles(samples, n=10)
    return {"problem": line, "name": name, "algorithm": "cudnn", "flop": flop, "clock": "gpu",
            "gflops": flop / median / 1e6, "verified": False,
            "time_ms": {"samples": samples, "median": median, "p10": tenths[0], "p90": tenths[-1]}}


def main():
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    lines = [s for s in map(str.strip, sys.stdin) if s and not s.startswith("#")]
    results = []
    for line in lines:
        results.append(measure(line))
        print(f"{results[-1]['name']:24} {results[-1]['gflops']:10.1f} GFLOP/s", file=sys.stderr)
    adapter = {"name": torch.cuda.get_device_name(), "backend": "cuda", "type": "discrete",
               "driver": f"cuDNN {torch.backends.cudnn.version()}"}
    json.dump({"schema": 1, "adapter": adapter, "results": results}, sys.stdout)


main()
