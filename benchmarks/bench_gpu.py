"""One ARM iteration of the ResNet at CIFAR-10's size, in ms: as it is, with its recall compiled, and as one recorded graph.

    python benchmarks/bench_gpu.py [--device auto] [--ways eager,recorded,compiled] [--rounds 5]

No data is needed: the images are noise. M = 100, N = 10, S = 10, `channels_last`, everything recalls from the first iteration on.
'eager' is `ARM` as it is; 'compiled' the same with `arm.compile = True`.
'recorded' is lines 5 to 9 as one CUDA graph, over tensors that stay where they are (`Given`). `ARM.step` as a whole cannot be recorded:
it draws line 6 on the CPU, and looks at the classes of the batch. So the draw is made outside, and all ten images are always counted: shapes
are then fixed. (A draw that misses one of ten images comes once in 3,760 batches; a method would take that batch without the graph.)
Without a card 'recorded' runs the same lines unrecorded.
How far the network then is from ARM's is printed: ten steps of ascent on noise make 1e-3 of single precision's rounding. tests/test_cuda.py compares in float64.
"""
import argparse
from dataclasses import replace
from statistics import median
from time import perf_counter

import torch
import torch.nn.functional as F

from arm_nb.arm import ARM, ArmConfig, draw_starts
from arm_nb.models import model_for, prepared
from arm_nb.recall import recall
from arm_nb.record import pick_device

SHAPE = (3, 32, 32)


def arm_for(device: str, compile: bool = False, dtype=torch.float32) -> ARM:
    "ARM with Table 4's settings for CIFAR-10, which recalls from the first iteration on and never renews theta."
    cfg = replace(ArmConfig.preset('cifar10'), T=10**6, recall_from=0)
    arm = ARM(prepared(model_for(SHAPE, 10, 0), channels_last=True).to(device, dtype), cfg, torch.Generator().manual_seed(0))
    arm.compile = compile
    return arm


def batches(device: str, n: int = 8) -> list:
    "Noise, two classes a batch: the images are on the device already, as those of a stream are."
    g = torch.Generator().manual_seed(1)
    return [(torch.rand(10, *SHAPE, generator=g).to(device), torch.tensor([0, 1] * 5).to(device)) for _ in range(n)]


class Given:
    "Lines 5 to 9 of an ARM on tensors that stay in one place: images, their classes, and how many copies each stands for."

    def __init__(self, arm: ARM):
        self.arm, N = arm, arm.cfg.N
        self.x, self.y = torch.rand(N, *SHAPE).to(arm.like), torch.tensor([0, 1] * (N // 2)).to(arm.like.device)
        self.copies = arm.like.new_full((N,), arm.cfg.M / N)

    def feed(self, xb: torch.Tensor, yb: torch.Tensor) -> None:
        "Line 6, on the CPU as in ARM; then everything into its place."
        while True:
            counts = torch.bincount(draw_starts(self.arm.cfg, len(xb), self.arm.generator), minlength=len(xb))
            if counts.min() > 0: break
        for place, new in ((self.x, xb), (self.y, yb), (self.copies, counts.to(self.copies.dtype))): place.copy_(new, non_blocking=True)

    def iterate(self) -> dict:
        "Lines 5, 7, 8 and 9. Nothing here waits for the device, and no shape changes."
        arm, cfg = self.arm, self.arm.cfg
        arm.descent.down(F.cross_entropy(arm.model(self.x), self.y), cfg.eta_0)
        x_hat = recall(self.x, arm.model_old, arm.model, self.y, cfg, self.copies)
        return arm._learn_recalled(x_hat, self.x, self.copies)


def record(given: Given):
    "`given.iterate` as one CUDA graph, as PyTorch's page on CUDA graphs has it: some rounds on another stream, then the recording. Its replay."
    first = [t.clone() for m in (given.arm.model, given.arm.model_old) for t in m.state_dict().values()]
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3): given.iterate()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph): given.iterate()
    now = [t for m in (given.arm.model, given.arm.model_old) for t in m.state_dict().values()]
    for there, then in zip(now, first): there.copy_(then)                   # as if nothing had been tried
    return graph.replay


def recorded(given: Given):
    "One graph, or what comes nearest to it, and what it is called."
    if given.arm.like.device.type != 'cuda': return given.iterate, 'unrecorded'
    try: return record(given), 'recorded'
    except RuntimeError as e: print(f'could not be recorded: {" ".join(str(e).split())[:500]}', flush=True)
    graph = torch.compile(given.iterate, mode='reduce-overhead')
    def step():
        torch.compiler.cudagraph_mark_step_begin()
        with torch._dynamo.config.patch(trace_autograd_ops=True): graph()
    return step, "torch.compile(mode='reduce-overhead')"


def step_of(way: str, device: str):
    "A function of a batch that does an iteration, the ARM that it changes, and what it is called."
    arm = arm_for(device, way == 'compiled')
    if way != 'recorded': return arm, arm, way
    given = Given(arm)
    replay, name = recorded(given)
    def step(xb, yb): given.feed(xb, yb); replay()
    return step, arm, name


def wait(device: str) -> None:
    if device.startswith('cuda'): torch.cuda.synchronize()


def apart(a: ARM, b: ARM) -> float:
    "Relative distance of two networks."
    flat = [torch.cat([t.detach().double().flatten().cpu() for t in arm.model.state_dict().values()]) for arm in (a, b)]
    return ((flat[0] - flat[1]).norm() / flat[0].norm()).item()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--device', default='auto')
    p.add_argument('--ways', default='eager,recorded,compiled')
    p.add_argument('--rounds', type=int, default=5, help='of as many iterations as take about half a second; their median is the result')
    a = p.parse_args()
    device = pick_device(a.device)
    what = torch.cuda.get_device_name() if device.startswith('cuda') else f'CPU, {torch.get_num_threads()} thread(s)'
    print(f'{what}, torch {torch.__version__}', flush=True)
    some = batches(device)
    for way in a.ways.split(','):
        began = perf_counter()
        step, arm, name = step_of(way, device)
        plain = arm_for(device)
        for b in some[:2]: step(*b); plain(*b)
        far, ready = apart(arm, plain), perf_counter() - began
        def seconds(n):
            wait(device)
            start = perf_counter()
            for i in range(n): step(*some[i % len(some)])
            wait(device)
            return (perf_counter() - start) / n
        n = max(1, min(200, int(.5 / seconds(2))))
        took = [1e3 * seconds(n) for _ in range(a.rounds)]
        print(f'  {name:12s} {median(took):8.2f} ms  ({min(took):.2f} to {max(took):.2f}, {a.rounds} rounds of {n}); {ready:.0f} s until ready; '
              f'{far:.0e} from ARM as it is after two iterations', flush=True)
    if device.startswith('cuda'): print(f'  {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB of the card at most', flush=True)


if __name__ == '__main__': main()
