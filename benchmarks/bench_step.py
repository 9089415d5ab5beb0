"""One ARM iteration, word for word against the library's, as ratios within one run.

    python benchmarks/bench_step.py [--threads 1] [--resnet-threads 2] [--rounds 5]

'literal' is `arm_step_literal`: Algorithm 1, lines 5-9, on all M images with autograd on eq. 8.
'library' is `ARM.observe`'s step: the distinct images, counted, and gradients in closed form.
The two take turns, so that a busy machine slows both; the ratio of their medians is the result.
"""
import argparse
import copy
from statistics import median
from time import perf_counter

import torch

from arm_nb.arm import ARM, ArmConfig, arm_step_literal
from arm_nb.models import model_for
from arm_nb.streams import get_stream, to_unit


def compare(data: str, threads: int, rounds: int, repeat: int) -> None:
    "Print seconds an iteration, literal and library, and their ratio."
    torch.set_num_threads(threads)
    cfg = ArmConfig.preset('cifar10' if data == 'mnist-color' else data)
    cfg = type(cfg)(**{**vars(cfg), 'T': 10**6, 'recall_from': 0})
    stream = get_stream(data)
    x, y = stream.train[1]
    batches = [(to_unit(x[i::80]), y[i::80]) for i in range(repeat)]
    arm = ARM(model_for(stream.in_shape, 10, 0), cfg, torch.Generator().manual_seed(0))
    model, old, g = copy.deepcopy(arm.model), copy.deepcopy(arm.model), torch.Generator().manual_seed(0)

    def literal():
        for xb, yb in batches: arm_step_literal(model, old, xb, yb, cfg, g)
    def library():
        for xb, yb in batches: arm(xb, yb)

    seconds = {literal: [], library: []}
    for k in range(rounds + 1):
        for f in seconds:
            start = perf_counter(); f()
            if k: seconds[f].append((perf_counter() - start) / repeat)      # the first round warms up
    a, b = (median(s) for s in seconds.values())
    print(f'{type(arm.model).__name__:8s} M = {cfg.M:3d}, N = {len(batches[0][1])}, S = {cfg.S}, fp32, {threads} thread{"s" * (threads > 1)}: '
          f'literal {1e3 * a:7.1f} ms   library {1e3 * b:7.1f} ms   ratio {a / b:.2f}x')


if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--threads', type=int, default=1, help='for the MLP')
    p.add_argument('--resnet-threads', type=int, default=2)
    p.add_argument('--rounds', type=int, default=5)
    a = p.parse_args()
    compare('mnist-mini', a.threads, a.rounds, repeat=20)
    compare('mnist-color', a.resnet_threads, max(1, a.rounds // 2), repeat=1)
