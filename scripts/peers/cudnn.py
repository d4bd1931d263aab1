"""Times cuDNN through PyTorch on the layers of a suite, for `gpuconv compare`:

    python3 cudnn.py [--backward] < SUITE.txt > CUDNN.json
    python3 cudnn.py [--backward] < RESULTS.json > CUDNN.json

In float32 with TF32 off, by the GPU's own events around ten runs in a graph, with operands resident and cuDNN's own
choice of algorithm (torch.backends.cudnn.benchmark). With --backward the gradients with respect to W and b of plain
layers are timed beside them; those with respect to X are transposed layers, which stand in the results of
`gpuconv bench --backward`.
"""
import json
import statistics
import sys

import torch

from suite import layer, lines, sample


def measure(line, backward):
    """The rows of a layer."""
    d, name = layer(line)
    step = {"stride": (d["sh"], d["sw"]), "dilation": (d["dh"] + 1, d["dw"] + 1), "groups": d["g"]}
    channels, size = (d["ic"], d["oc"]), (d["kh"], d["kw"])
    x = torch.randn(d["mb"], d["ic"], d["ih"], d["iw"], device="cuda")
    if d["transposed"]:
        conv = torch.nn.ConvTranspose2d(*channels, size, padding=(d["ph"], d["pw"]),
                                        output_padding=(d["moreh"], d["morew"]), **step).cuda()
        return [row(line, name, d, lambda: conv(x))]
    even = d["ph"] == d["behindh"] and d["pw"] == d["behindw"]
    conv = torch.nn.Conv2d(*channels, size, padding=(d["ph"], d["pw"]) if even else 0, **step).cuda()
    if not even:
        x = torch.nn.functional.pad(x, (d["pw"], d["behindw"], d["ph"], d["behindh"]))
    rows = [row(line, name, d, lambda: conv(x))]
    if backward:
        dv = torch.randn(d["mb"], d["oc"], d["oh"], d["ow"], device="cuda")
        gradients = torch.ops.aten.convolution_backward
        rows.append(row(line, name + " dW", d, lambda: gradients(
            dv, x, conv.weight, [d["oc"]], conv.stride, conv.padding, conv.dilation, False, [0, 0], d["g"],
            [False, True, True])) | {"gradient": "W"})
    return rows


def row(line, name, d, run):
    """What the results have of something that runs on a layer."""
    with torch.inference_mode():
        samples = sample(replays(run), budget=0.5)
    median, tenths = statistics.median(samples), statistics.quantiles(samples, n=10)
    return {"problem": line, "name": name, "algorithm": "cudnn", "flop": d["flop"], "clock": "gpu",
            "gflops": d["flop"] / median / 1e6, "verified": False,
            "time_ms": {"samples": samples, "median": median, "p10": tenths[0], "p90": tenths[-1]}}


def replays(run, times=10):
    """Times a graph of some runs, so that launches by Python leave no gaps between them, and gives a run's part."""
    for _ in range(5):
        run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(times):
            run()

    def once():
        begun, ended = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begun.record()
        graph.replay()
        ended.record()
        ended.synchronize()
        return begun.elapsed_time(ended) / times

    once()
    return once


def main():
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    results = []
    for line in lines():
        for result in measure(line, "--backward" in sys.argv):
            results.append(result)
            print(f"{result['name']:24} {result['gflops']:10.1f} GFLOP/s", file=sys.stderr)
    adapter = {"name": torch.cuda.get_device_name(), "backend": "cuda", "type": "discrete",
               "driver": f"cuDNN {torch.backends.cudnn.version()}"}
    json.dump({"schema": 1, "adapter": adapter, "results": results}, sys.stdout)


main()
