"""ncnn on the first Vulkan device in float32, for the peers that time it: it may neither store nor compute in float16
or bfloat16. NCNN_THREADS (default the number of processors) is for what ncnn does on the CPU.
"""
import os
import re

import ncnn


def device():
    """The device's name."""
    if ncnn.get_gpu_count() == 0:
        raise ValueError("ncnn: no Vulkan device")
    return ncnn.get_gpu_info(ncnn.get_default_gpu_index()).device_name()


def network(param):
    """The network of a .param file, and the .bin file beside it."""
    net = ncnn.Net()
    net.opt.use_vulkan_compute = True
    for option in [o for o in dir(net.opt) if re.match("use_(fp16|bf16)_", o)]:
        setattr(net.opt, option, False)
    if "NCNN_THREADS" in os.environ:
        net.opt.num_threads = int(os.environ["NCNN_THREADS"])
    if net.load_param(str(param)) != 0 or net.load_model(str(param.with_suffix(".bin"))) != 0:
        raise ValueError(f"ncnn: it does not load {param}")
    return net
