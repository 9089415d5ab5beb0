"""Whole runs: a CIFAR-10-shaped one extrapolated from a hundred iterations, and ARM on Fashion-MNIST against the literal way.

    python benchmarks/bench_run.py [--threads 2] [--iterations 100] [--root DIR]

'cifar10' has CIFAR-10's shape and sizes (Table 3) and random pixels: 950 iterations without recall, 3,800 with it, 10,000 images
tested after each of five tasks. `--iterations` of each kind are run; the rest is multiplication. Peak memory is this process's.
'fmnist5k' (needs --root: the folder that torchvision's FashionMNIST is in) is run whole, on one thread, with 13,000 images tested after each task:
by the library, as it is and with the recall compiled, and by `arm_step_literal` with a test in batches of ten and an `.item()` an image: from tensors, and from pictures that are
decoded each time, as the released code has it. All learn the same batches.
"""
import argparse
import copy
import os
import sys
from dataclasses import replace
from statistics import mean
from time import perf_counter

import torch
import torch.nn.functional as F

from bench_eval import in_tens, pictures, tensors

from arm_nb.arm import ARM, ArmConfig, arm_step_literal
from arm_nb.learner import Learner, Naive, NaiveConfig, evaluate, sgd_step
from arm_nb.models import model_for, prepared
from arm_nb.streams import Stream, class_tasks, get_stream


def peak_gb() -> float:
    "The most memory this process ever had, in GB of 10**9 bytes (Linux)."
    return next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM')) * 1024 / 1e9


def cifar_shaped() -> Stream:
    "Five tasks of two classes, 9,500 random images each, 2,000 to test, as CIFAR-10 has them."
    g = torch.Generator().manual_seed(0)
    def images(n, classes): return torch.randint(256, (n, 3, 32, 32), dtype=torch.uint8, generator=g), torch.tensor(classes)[torch.randint(len(classes), (n,), generator=g)]
    tasks = class_tasks(10, 5)
    return Stream('cifar-shaped', (3, 32, 32), 10, tasks, *([images(k, list(c)) for c in tasks] for k in (9_500, 500, 2_000)))


def extrapolate(n: int, amp: str, compile: bool) -> None:
    "Print the minutes that a CIFAR-10 run of ARM takes, from n iterations of each kind."
    stream = cifar_shaped()
    cfg = ArmConfig.preset('cifar10')
    took = []
    for recall_from in (10**6, 0):
        arm = ARM(prepared(model_for(stream.in_shape, 10, 0), amp, channels_last=True), replace(cfg, recall_from=recall_from, T=10**6))
        arm.compile = compile
        batches = iter(stream.batches(0, cfg.N, 0))
        for _ in range(3): arm(*next(batches))
        start = perf_counter()
        for _ in range(n): arm(*next(batches))
        took.append((perf_counter() - start) / n)
    start = perf_counter(); evaluate(arm, stream.test)
    tests = 5 * (perf_counter() - start)
    whole = 950 * took[0] + 3_800 * took[1] + tests
    print(f'CIFAR-10-shaped run of ARM, amp={amp}, channels_last{", compiled" * compile}, {torch.get_num_threads()} threads: {1e3 * took[0]:.0f} ms an iteration without recall, {1e3 * took[1]:.0f} ms with it, '
          f'tests {tests:.0f} s in all: {whole / 60:.0f} minutes, extrapolated from {n} iterations of each kind; peak resident set {peak_gb():.2f} GB')


def literal(stream: Stream, cfg: ArmConfig, batches) -> list:
    "Algorithm 1 with its tests, word for word."
    model, g, t, a = model_for(stream.in_shape, 10, 0), torch.Generator().manual_seed(0), 0, []
    for stage in range(5):
        for xb, yb in stream.batches(stage, cfg.N, 0):
            if t % cfg.T == 0: old = copy.deepcopy(model)
            if t >= cfg.recall_from: arm_step_literal(model, old, xb, yb, cfg, g)
            else: sgd_step(model, F.cross_entropy(model(xb), yb), cfg.eta_0)
            t += 1
        a.append(in_tens(Naive(model, NaiveConfig()), stream.test, batches))
    return a


def whole_run(root: str) -> None:
    "Print the seconds of a Fashion-MNIST run by the library and word for word, and their ratio."
    stream = get_stream('fmnist5k', root)
    both = [tuple(torch.cat(part) for part in zip(a, b)) for a, b in zip(stream.test, stream.val)]         # 10,000 + 3,000 images
    stream, cfg = replace(stream, test=both), ArmConfig.preset('fmnist5k')
    def library(compile=False):
        arm = ARM(model_for(stream.in_shape, 10, 0), cfg, torch.Generator().manual_seed(0))
        arm.compile = compile
        return Learner(arm, stream, progress=False).fit().accuracy
    start = perf_counter(); library(True); first = perf_counter() - start
    ways = {'library': library, 'library, compiled': lambda: library(True), 'literal, tensors': lambda: literal(stream, cfg, tensors), 'literal, pictures': lambda: literal(stream, cfg, pictures), 'library again': library, 'compiled again': lambda: library(True)}
    took = {}
    print(f'a whole fmnist5k run of ARM, {sum(len(y) for _, y in both):,} images tested after each task, {torch.get_num_threads()} thread')
    for name, f in ways.items():
        start = perf_counter(); a = f(); took[name] = perf_counter() - start
        print(f'  {name:17s} {took[name]:5.1f} s   {took[name] / took["library"]:.2f}x   accuracy at the end {mean(a[-1]):.3f}')
    print(f'  compiling took {first - took["library, compiled"]:.0f} s, apart')


if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--threads', type=int, default=2, help='for the ResNet; the MLP has one')
    p.add_argument('--iterations', type=int, default=100)
    p.add_argument('--root', default=os.environ.get('ARM_NB_ROOT'))
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    for amp, compile in (('off', False), ('off', True), ('bf16', False), ('bf16', True)): extrapolate(a.iterations, amp, compile)
    torch.set_num_threads(1)
    if a.root: whole_run(a.root)
    else: print('fmnist5k: left out, no --root', file=sys.stderr)
