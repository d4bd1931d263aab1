"""Times ncnn's Vulkan on the layers of a suite, for `gpuconv compare`:

    python3 ncnn_layers.py < SUITE.txt > RESULTS.json

In float32, Winograd on: ncnn may neither store nor compute in float16 or bfloat16. Each time is the wall clock's
around one run, from an input on the host to an output on the host. ncnn has no batches: such layers are left out.
"""
import json
import pathlib
import struct
import tempfile
import time

import ncnn
import numpy

import ncnn_vulkan
from suite import layer, lines, whole


def reals(*shape):
    return numpy.random.uniform(-1, 1, shape).astype("float32")


def network(d, folder):
    """A network of the one layer, as ncnn's files."""
    kind = "Convolution" if d["g"] == 1 else "ConvolutionDepthWise"
    weights = reals(d["oc"] * d["ic"] // d["g"] * d["kh"] * d["kw"])
    settings = {0: d["oc"], 1: d["kw"], 11: d["kh"], 2: d["dw"] + 1, 12: d["dh"] + 1, 3: d["sw"], 13: d["sh"],
                4: d["pw"], 14: d["ph"], 15: d["behindw"], 16: d["behindh"], 5: 1, 6: weights.size}
    if d["g"] > 1:
        settings[7] = d["g"]
    text = " ".join(f"{k}={v}" for k, v in settings.items())
    param, model = pathlib.Path(folder, "layer.param"), pathlib.Path(folder, "layer.bin")
    param.write_text(f"7767517\n2 2\nInput in 0 1 in\n{kind} conv 1 1 in out {text}\n")
    model.write_bytes(struct.pack("<I", 0) + weights.tobytes() + reals(d["oc"]).tobytes())
    return ncnn_vulkan.network(param)


def measure(line):
    d, _ = layer(line)
    with tempfile.TemporaryDirectory() as folder:
        net = network(d, folder)
    x = reals(d["ic"], d["ih"], d["iw"])

    def once():
        begun = time.perf_counter()
        extractor = net.create_extractor()
        extractor.input("in", ncnn.Mat(x))
        failed, out = extractor.extract("out")
        out = numpy.array(out)
        if failed != 0 or out.shape != (d["oc"], d["oh"], d["ow"]):
            raise ValueError(f"ncnn: {line}: it fails with {failed}, and an output of {out.shape}")
        return 1e3 * (time.perf_counter() - begun)

    return whole(line, once)


def main():
    device = ncnn_vulkan.device()
    results = [measure(line) for line in lines() if layer(line)[0]["mb"] == 1]
    print(json.dumps({"peer": f"ncnn vulkan on {device}", "results": results}), flush=True)


main()
