"""Evaluation of 10,000 digits by the library, against batches of ten, as ratios within one run.

    python benchmarks/bench_eval.py [--threads 1] [--rounds 5]

Two rivals, both in batches of ten with an `.item()` after each image, as the released code has it:
'pictures' decodes each image from a PIL picture through a DataLoader of ten, as torchvision's MNIST does;
'tensors' finds the pixels ready in memory, and so shows what the size of the batch alone is worth.
"""
import argparse
from collections.abc import Iterator
from statistics import median
from time import perf_counter

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms.functional import to_tensor

from arm_nb.learner import Naive, NaiveConfig, Strategy, evaluate
from arm_nb.models import model_for
from arm_nb.streams import get_stream, to_unit


class Pictures(Dataset):
    "Images as torchvision's MNIST gives them: a PIL picture made anew each time, then a tensor."
    def __init__(self, x, y): self.x, self.y = x[:, 0].numpy(), y
    def __len__(self): return len(self.y)
    def __getitem__(self, i): return to_tensor(Image.fromarray(self.x[i])), self.y[i]


def tensors(x, y) -> Iterator: return ((to_unit(x[i:i + 10]), y[i:i + 10]) for i in range(0, len(x), 10))
def pictures(x, y) -> Iterator: return iter(DataLoader(Pictures(x, y), batch_size=10))


def in_tens(strategy: Strategy, sets, batches) -> list[float]:
    "Accuracy of each task, the mean over its classes, ten images at a time."
    accuracies = []
    for x, y in sets:
        right, n = {}, {}
        for xb, yb in batches(x, y):
            for answer, c in zip(strategy.predict(xb).argmax(1), yb):
                right[c.item()] = right.get(c.item(), 0) + (answer == c).item()
                n[c.item()] = n.get(c.item(), 0) + 1
        accuracies.append(sum(right[c] / n[c] for c in n) / len(n))
    return accuracies


if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--threads', type=int, default=1)
    p.add_argument('--rounds', type=int, default=5)
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    stream = get_stream('mnist-mini')
    strategy = Naive(model_for(stream.in_shape, 10, 0), NaiveConfig())
    sets = [(x.repeat(3, 1, 1, 1)[:2000], y.repeat(3)[:2000]) for x, y in stream.train]       # 10,000 digits in 5 tasks
    ways = {'library': lambda: evaluate(strategy, sets), 'tensors': lambda: in_tens(strategy, sets, tensors), 'pictures': lambda: in_tens(strategy, sets, pictures)}
    answers = {name: f() for name, f in ways.items()}
    assert all(max(abs(a - b) for a, b in zip(v, answers['library'])) < 1e-12 for v in answers.values())
    seconds = {name: [] for name in ways}
    for _ in range(args.rounds):
        for name, f in ways.items():
            start = perf_counter(); f(); seconds[name].append(perf_counter() - start)
    s = {name: median(v) for name, v in seconds.items()}
    print(f'evaluation of 10,000 digits, {args.threads} thread{"s" * (args.threads > 1)}: library {s["library"]:.3f} s   '
          + '   '.join(f'{name} in tens {s[name]:.2f} s, {s[name] / s["library"]:.1f}x' for name in ('tensors', 'pictures')))
