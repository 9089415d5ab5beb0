"""The recalls that chapter 03 shows: nbs/images/recalls.npz, small enough to lie in the repository.

    python benchmarks/recalls.py                                  the digits
    python benchmarks/recalls.py CHECKPOINT --root ROOT           the photographs, too

The digits are those of ARM's run on mnist-mini, seed 0, at its 340th iteration. The photographs come from a checkpoint of a run on CIFAR-10:
`arm_nb sweep --data cifar10 --root ROOT --method arm --seed 0 --checkpoint-every 100`. The networks compute in single precision here.
A recall that is not made anew stays in the file as it was.
"""
import argparse
from itertools import chain, islice
from pathlib import Path

import numpy as np
import torch

from arm_nb.divergence import mean_kl_each
from arm_nb.explore import Scene, arm_at, scene_of
from arm_nb.experiment import build

FILE = Path(__file__).resolve().parents[1]/'nbs/images/recalls.npz'


def recorded(scene: Scene, y: torch.Tensor, t: int) -> dict:
    "Step by step: images as bytes (S + 1, B, C, H, W), both networks' probabilities and D, (S + 1, B, ...) in half precision"
    trace = scene.trace()
    p_old, p_new = torch.stack(trace.p_old), torch.stack(trace.p_new)
    D = mean_kl_each(p_old.log(), p_new.log())
    images = (torch.stack(trace.x).clamp(0, 1) * 255).round().byte()
    return dict(x=images.numpy(), p_old=p_old.half().numpy(), p_new=p_new.half().numpy(), D=D.half().numpy(), y=y.numpy(), t=np.array(t))


def digits(t: int = 340) -> dict:
    arm, batches = arm_at(t)
    xb, yb = next(batches)
    return recorded(scene_of(arm, xb, yb), yb, t)


def photographs(checkpoint: str, root: str) -> dict:
    state = torch.load(checkpoint, map_location='cpu', weights_only=True)['strategy']
    for which in ('model', 'model_old'): state[which] = {k.removeprefix('net.'): v for k, v in state[which].items()}
    learner = build('cifar10', 'arm', 0, root=root)
    arm, stream = learner.strategy, learner.stream
    arm.load_state_dict(state)
    batches = chain.from_iterable(stream.batches(k, arm.cfg.N, learner.order_seed) for k in range(stream.n_stages))
    xb, yb = next(islice(batches, arm.t, None))
    scene = scene_of(arm, xb, yb)
    first = torch.tensor([next(j for j, v in enumerate(xb) if torch.equal(v, x)) for x in scene.x])
    return recorded(scene, yb[first], arm.t)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', nargs='?')
    parser.add_argument('--root', default='data')
    args = parser.parse_args()
    torch.set_num_threads(1)
    kept = dict(np.load(FILE)) if FILE.exists() else {}
    made = dict(photograph=photographs(args.checkpoint, args.root)) if args.checkpoint else dict(digit=digits())
    kept |= {f'{kind}_{name}': v for kind, r in made.items() for name, v in r.items()}
    np.savez_compressed(FILE, **kept)
    print(f'{FILE.name}: {FILE.stat().st_size} bytes')
