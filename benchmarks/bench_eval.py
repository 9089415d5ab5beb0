"""Evaluation of 10,000 digits by the library, against batches of ten, as a ratio within one run.

    python benchmarks/bench_eval.py [--threads 1] [--rounds 5]

The plain way is that of the released code: batches of 10, a float conversion each, `.item()` after each.
"""
import argparse
from statistics import median
from time import perf_counter

import torch

from arm_nb.learner import Naive, NaiveConfig, evaluate
from arm_nb.models import model_for
from arm_nb.streams import get_stream


def in_tens(strategy, sets) -> list[float]:
    "Accuracy of each task, the mean over its classes, ten images at a time."
    accuracies = []
    for x, y in sets:
        right, n = {}, {}
        for i in range(0, len(x), 10):
            answers = strategy.predict(x[i:i + 10].float() / 255).argmax(1)
            for a, c in zip(answers, y[i:i + 10]):
                right[c.item()] = right.get(c.item(), 0) + (a == c).item()
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
    assert max(abs(a - b) for a, b in zip(in_tens(strategy, sets), evaluate(strategy, sets))) < 1e-12
    seconds = {in_tens: [], evaluate: []}
    for _ in range(args.rounds):
        for f in seconds:
            start = perf_counter(); f(strategy, sets); seconds[f].append(perf_counter() - start)
    a, b = (median(s) for s in seconds.values())
    print(f'evaluation of 10,000 digits, {args.threads} thread{"s" * (args.threads > 1)}: in tens {a:.3f} s   library {b:.3f} s   ratio {a / b:.1f}x')
