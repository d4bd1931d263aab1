"""Times ncnn's Vulkan on whole networks, for `gpuconv compare`:

    python3 ncnn_network.py MODEL.onnx... > RESULTS.json

In float32: ncnn may neither store nor compute in float16 or bfloat16. pnnx converts each network before. Each time is
the wall clock's around one run, from inputs on the host to outputs on the host. Each network has a process of its own,
from whose start the first answer is timed, without the conversion. What pnnx or ncnn cannot take has the reason.
BUDGET_MS (default 4000) is the time for a network's samples after the first run: at least one is taken, and 20 at
most. NCNN_THREADS (default the number of processors) is for what ncnn does on the CPU.
"""
import importlib.util
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

BEGUN = time.time()
MOST, PATIENCE = 20, 20 * 60


def convert(model, folder):
    """Has pnnx convert a network, and gives the files, the shapes of its inputs, and its outputs' names."""
    program = pathlib.Path(importlib.util.find_spec("pnnx").submodule_search_locations[0], "pnnx")
    program.chmod(0o755)
    copy = pathlib.Path(folder, pathlib.Path(model).name)
    copy.write_bytes(pathlib.Path(model).read_bytes())
    done = subprocess.run([program, copy.name, "fp16=0"], cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    param = copy.with_suffix(".ncnn.param")
    if done.returncode != 0 or not param.exists():
        lines = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr).splitlines()
        wrong = [line for line in lines if re.search("fail|error|not supported|unsupported", line, re.I)]
        raise ValueError("pnnx: " + (wrong[0].strip() if wrong else f"ended with {done.returncode}"))
    shapes = re.findall(r"\[([\d,]+)\]f32", re.findall("inputshape = (.*)", done.stdout + done.stderr)[-1])
    layers = [line.split() for line in param.read_text().splitlines()[2:]]
    read = {name for f in layers for name in f[4:4 + int(f[2])]}
    outputs = [name for f in layers for name in f[4 + int(f[2]):4 + int(f[2]) + int(f[3])] if name not in read]
    return param, [[int(n) for n in s.split(",")] for s in shapes], outputs


def measure(param, shapes, outputs):
    import ncnn
    import numpy

    import ncnn_vulkan

    device, net = ncnn_vulkan.device(), ncnn_vulkan.network(param)
    inputs = [numpy.random.uniform(-1, 1, shape[1:]).astype("float32") for shape in shapes]

    def once():
        begun = time.perf_counter()
        extractor = net.create_extractor()
        for i, x in enumerate(inputs):
            extractor.input(f"in{i}", ncnn.Mat(x))
        for name in outputs:
            failed, out = extractor.extract(name)
            if failed != 0:
                raise ValueError(f"ncnn: output {name} fails with {failed}")
            if not numpy.isfinite(numpy.array(out)).all():
                raise ValueError(f"ncnn: output {name} is not finite")
        return 1e3 * (time.perf_counter() - begun)

    once()
    result = {"first_ms": 1e3 * (time.time() - BEGUN), "device": device}
    end, samples = time.monotonic() + float(os.environ.get("BUDGET_MS", 4000)) / 1e3, []
    while not samples or len(samples) < MOST and time.monotonic() < end:
        samples.append(once())
    return result | {"median_ms": statistics.median(samples), "min_ms": min(samples), "samples_ms": samples}


def apart(model):
    """Measures one network in a process of its own."""
    name = pathlib.Path(model).stem
    try:
        with tempfile.TemporaryDirectory() as folder:
            param, shapes, outputs = convert(model, folder)
            network = name + " " + ",".join("x".join(map(str, s)) for s in shapes)
            done = subprocess.run([sys.executable, __file__, "--one", param, json.dumps(shapes), json.dumps(outputs)],
                                  capture_output=True, text=True, timeout=PATIENCE)
            if done.returncode != 0:
                wrong = [line for line in done.stderr.splitlines() if re.match(r"\w*(Error|Exception)", line)]
                why = wrong[-1] if wrong else f"ended with {done.returncode}"
                return {"network": network, "name": name, "error": why}
            return {"network": network, "name": name} | json.loads(done.stdout.splitlines()[-1])
    except (ValueError, subprocess.TimeoutExpired) as e:
        return {"network": name, "name": name, "error": str(e)}


def main():
    if sys.argv[1:2] == ["--one"]:
        param, shapes, outputs = sys.argv[2:]
        print(json.dumps(measure(pathlib.Path(param), json.loads(shapes), json.loads(outputs))), flush=True)
        os._exit(0)  # at once: what is let go takes its time
    if len(sys.argv) < 2:
        sys.exit("ncnn_network.py: usage: python3 ncnn_network.py MODEL.onnx...")
    results = []
    for model in sys.argv[1:]:
        r = apart(model)
        print(f"{r['name']:24} " + (r.get("error") or f"{r['median_ms']:.2f} ms on {r['device']}"), file=sys.stderr)
        results.append(r)
    print(json.dumps({"peer": "ncnn vulkan", "results": results}))


main()
