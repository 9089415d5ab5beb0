"""One ARM iteration, word for word against the library's, as ratios within one run.

    python benchmarks/bench_step.py [--threads 1] [--resnet-threads 2] [--rounds 5] [--no-compile]

'literal' is `arm_step_literal`: Algorithm 1, lines 5-9, on all M images with autograd on eq. 8.
'library' is `ARM.observe`'s step: the distinct images, counted, and gradients in closed form; then the same
with maps laid out for convolutions, in bfloat16, and with the recall step compiled (compile time apart).
All take turns, so that a busy machine slows all; the ratio of their medians is the result.
Afterwards: what share of this machine's measured peak a recall reaches, and where the time goes; and ADI's ascent on the same ResNet, as it is and compiled.
"""
import argparse
import copy
import logging
from statistics import median
from time import perf_counter

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from arm_nb.arm import ARM, ArmConfig, arm_step_literal
from arm_nb.baselines.inversion import AdiConfig, invert
from arm_nb.models import model_for, prepared
from arm_nb.recall import recall
from arm_nb.streams import get_stream, to_unit

logging.getLogger('torch.utils.cpp_extension').setLevel('ERROR')
FAST = dict(amp='bf16', channels_last=True)
WAYS = {'mnist-mini': {'library': {}, 'compiled': dict(compile=True)},
        'mnist-color': {'library': {}, 'channels_last': dict(channels_last=True), 'bf16': FAST,
                        'compiled': dict(channels_last=True, compile=True), 'bf16, compiled': FAST | dict(compile=True)}}


class Count(TorchDispatchMode):
    "While in this block, `flop` adds up PyTorch's own formulas for matrix products and convolutions. (FlopCounterMode cannot follow a gradient to an input.)"
    flop = 0
    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        out = op(*args, **(kwargs or {}))
        if op._overloadpacket in flop_registry: self.flop += flop_registry[op._overloadpacket](*args, **(kwargs or {}), out_val=out)
        return out


def seconds(f) -> float:
    start = perf_counter(); f()
    return perf_counter() - start


def arm_for(data: str, amp='off', channels_last=False, compile=False) -> ARM:
    "ARM with Table 4's settings for a data set, recalling from the first iteration on."
    stream, cfg = get_stream(data), ArmConfig.preset('cifar10' if data == 'mnist-color' else data)
    cfg = type(cfg)(**{**vars(cfg), 'T': 10**6, 'recall_from': 0})
    arm = ARM(prepared(model_for(stream.in_shape, 10, 0), amp, channels_last), cfg, torch.Generator().manual_seed(0))
    arm.compile = compile
    return arm


def batches_of(data: str, n: int) -> list:
    x, y = get_stream(data).train[1]
    return [(to_unit(x[i::80]), y[i::80]) for i in range(n)]


def compare(data: str, ways: dict, rounds: int, repeat: int) -> None:
    "Print seconds an iteration of the literal step and of each way, and their ratios to the literal one."
    batches, cfg = batches_of(data, repeat), arm_for(data).cfg
    model, g = arm_for(data).model, torch.Generator().manual_seed(0)
    old = copy.deepcopy(model)
    steps = {'literal': lambda xb, yb: arm_step_literal(model, old, xb, yb, cfg, g)} | {name: arm_for(data, **how) for name, how in ways.items()}
    first = {name: seconds(lambda: [step(*b) for b in batches for _ in range(2)]) for name, step in steps.items()}   # warm, and compiled
    took = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items(): took[name].append(seconds(lambda: [step(*b) for b in batches]) / repeat)
    took = {name: median(s) for name, s in took.items()}
    print(f'{type(model).__name__}, M = {cfg.M}, N = {len(batches[0][1])}, S = {cfg.S}, {torch.get_num_threads()} thread(s)')
    for name, s in took.items():
        compiling = f'   (compiling took {first[name] - 2 * repeat * s:.0f} s)' if 'compiled' in name else ''
        print(f'  {name:15s} {1e3 * s:7.1f} ms   {took["literal"] / s:5.2f}x{compiling}')


def share_of_peak(data: str, dtype=torch.float32, **how) -> None:
    "Print what part of the speed of a large matrix product one recall reaches, and the operations that take most time."
    arm, (xb, yb) = arm_for(data, **how), batches_of(data, 1)[0]
    arm(xb, yb); arm(xb, yb)
    x, _, weight = arm._starts(xb, yb)
    again = lambda: recall(x, arm.model_old, arm.model, yb, arm.cfg, weight)
    with Count() as count: again()
    a = torch.rand(2048, 2048, dtype=dtype)
    peak, took = 2 * 2048**3 / min(seconds(lambda: a @ a) for _ in range(5)), median(seconds(again) for _ in range(7))
    with profile(activities=[ProfilerActivity.CPU], acc_events=True) as p: again()
    ops = sorted(p.key_averages(), key=lambda e: -e.self_cpu_time_total)
    whole = sum(e.self_cpu_time_total for e in ops)
    print(f'{type(getattr(arm.model, "net", arm.model)).__name__}, one recall, {", ".join(f"{k}={v}" for k, v in how.items()) or "fp32"}: {count.flop / 1e9:.1f} GFLOP in {1e3 * took:.0f} ms, '
          f'{count.flop / took / 1e9:.0f} of {peak / 1e9:.0f} GFLOP/s, {count.flop / took / peak:.0%} of the peak')
    print('  ' + ', '.join(f'{e.key.removeprefix("aten::")} {e.self_cpu_time_total / whole:.0%}' for e in ops[:8]))


def inversion(rounds: int, amp: str) -> None:
    "Print what ADI's ten steps take on 49 pairs of image and class, the most usual number of different ones among 100 drawn from ten images and six classes."
    g = torch.Generator().manual_seed(0)
    x, classes, weight = torch.rand(49, 3, 32, 32, generator=g), torch.randint(6, (49,), generator=g), torch.full((49,), 100 / 49)
    old, new = (prepared(model_for((3, 32, 32), 10, seed), amp, channels_last=True) for seed in (0, 1))
    ways = {name: lambda c=c: invert(x, classes, old, new, AdiConfig.preset('cifar10'), weight, compile=c) for name, c in (('as it is', False), ('compiled', True))}
    first = {name: seconds(f) for name, f in ways.items()}
    took = {name: median(t) for name, t in zip(ways, zip(*([seconds(f) for f in ways.values()] for _ in range(rounds))))}
    print(f'ADI, {amp}: {took["as it is"]:.2f} s a recall, compiled {took["compiled"]:.2f} s, {took["as it is"] / took["compiled"]:.2f}x (compiling took {first["compiled"] - took["compiled"]:.0f} s)')


if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--threads', type=int, default=1, help='for the MLP')
    p.add_argument('--resnet-threads', type=int, default=2)
    p.add_argument('--rounds', type=int, default=5)
    p.add_argument('--no-compile', action='store_true', help='leave out what compiles: a minute less')
    a = p.parse_args()
    for data, threads, repeat in (('mnist-mini', a.threads, 20), ('mnist-color', a.resnet_threads, 1)):
        torch.set_num_threads(threads)
        compare(data, {k: v for k, v in WAYS[data].items() if not (a.no_compile and 'compile' in v)}, a.rounds, repeat)
        share_of_peak(data)
    share_of_peak('mnist-color', channels_last=True)
    share_of_peak('mnist-color', torch.bfloat16, **FAST)
    for amp in ('off', 'bf16'):
        if not a.no_compile: inversion(a.rounds, amp)
