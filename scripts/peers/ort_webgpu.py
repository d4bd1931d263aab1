"""Times ONNX Runtime's WebGPU provider, of PyPI's onnxruntime-webgpu, for `gpuconv compare`:

    python3 ort_webgpu.py < SUITE.txt > RESULTS.json          on the layers of a suite
    python3 ort_webgpu.py MODEL.onnx... > RESULTS.json        on whole networks

As ort.mjs and ort_network.mjs do where Node is. Each time is the wall clock's around one run, from an input on the
host to an output on the host. Open sizes are 1. The provider takes the first Vulkan adapter that Dawn accepts.
"""
import json
import pathlib
import sys
import time

import numpy
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from suite import layer, lines, sample, whole

PROVIDERS = ["WebGpuExecutionProvider"]


def reals(*shape):
    return numpy.random.uniform(-1, 1, shape).astype("float32")


def model(d):
    """A network of the one layer."""
    conv = helper.make_node(
        "Conv", ["x", "w", "b"], ["v"], kernel_shape=[d["kh"], d["kw"]], strides=[d["sh"], d["sw"]],
        dilations=[d["dh"] + 1, d["dw"] + 1], pads=[d["ph"], d["pw"], d["behindh"], d["behindw"]], group=d["g"])
    graph = helper.make_graph(
        [conv], "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [d["mb"], d["ic"], d["ih"], d["iw"]])],
        [helper.make_tensor_value_info("v", TensorProto.FLOAT, [d["mb"], d["oc"], d["oh"], d["ow"]])],
        [numpy_helper.from_array(reals(d["oc"], d["ic"] // d["g"], d["kh"], d["kw"]), "w"),
         numpy_helper.from_array(reals(d["oc"]), "b")])
    opset = [helper.make_opsetid("", 13)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


def session(what):
    s = onnxruntime.InferenceSession(what, providers=PROVIDERS)
    if s.get_providers()[0] != PROVIDERS[0]:
        raise ValueError(f"ONNX Runtime took {s.get_providers()[0]}, not {PROVIDERS[0]}")
    return s


def timed(s, feeds):
    def once():
        begun = time.perf_counter()
        s.run(None, feeds)
        return 1e3 * (time.perf_counter() - begun)
    return once


def measure(line):
    d, _ = layer(line)
    return whole(line, timed(session(model(d)), {"x": reals(d["mb"], d["ic"], d["ih"], d["iw"])}))


def network(path):
    begun = time.perf_counter()
    s, name = session(path), pathlib.Path(path).stem
    shapes = {i.name: [n if isinstance(n, int) and n > 0 else 1 for n in i.shape] for i in s.get_inputs()}
    once = timed(s, {name: reals(*shape) for name, shape in shapes.items()})
    once()
    first = 1e3 * (time.perf_counter() - begun)
    samples = sorted(sample(once, budget=4.0))
    sizes = ",".join("x".join(map(str, shapes[i])) for i in sorted(shapes))
    print(f"{name:24} {samples[len(samples) // 2]:10.2f} ms", file=sys.stderr)
    return {"network": f"{name} {sizes}", "name": name, "first_ms": first, "median_ms": samples[len(samples) // 2],
            "min_ms": samples[0], "samples_ms": samples}


def attempt(measure, what):
    """A row, or the reason why there is none."""
    try:
        return measure(what)
    except Exception as e:  # of ONNX Runtime's own kinds
        name = pathlib.Path(what).stem
        print(f"{what}: {e}", file=sys.stderr)
        return {"network": name, "name": name, "error": str(e).splitlines()[0]}


def main():
    if sys.argv[1:]:
        results = [attempt(network, path) for path in sys.argv[1:]]
    else:
        results = [measure(line) for line in lines()]
    print(json.dumps({"peer": f"onnxruntime {onnxruntime.__version__} webgpu", "results": results}))


main()
