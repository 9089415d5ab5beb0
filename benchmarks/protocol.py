"""Which part of the released protocol matters: the images (fixed, or drawn anew) or their order (shuffled, or as drawn). ARM on MNIST-5k.

    python benchmarks/protocol.py --root DIR [--seeds 60] [--workers 2] [--out results/protocol-mnist5k.csv]

All four combinations of a seed, then the next seed: the same first weights and the same draws of ARM in all four. It goes on where the file ends, and writes each seed
when its four runs are done. `final_0` … `final_4` are the five tasks' accuracies at the end. The recall is compiled, which halves the time and changes last digits;
`--plain` does not, for one of the two. Read by `nbs/10_streams.ipynb`. Some 4 seconds a run on a free core.
"""
import argparse
from dataclasses import replace
from itertools import product
from pathlib import Path

import pandas as pd
import torch
from joblib import Parallel, delayed

from arm_nb.experiment import run
from arm_nb.streams import get_stream, permutation

CELLS = list(product(('fixed', 'anew'), ('shuffled', 'released')))


def stream_of(images: str, order: str, seed: int, root: str):
    "The stream of one run. 'fixed' images in 'released' order: the classes come as the draw has them, each place is filled with one of our own images of that class."
    own = get_stream('mnist5k', root)
    drawn = get_stream('mnist5k', root, 'released').for_run(seed)
    if images == 'anew': return replace(drawn, shuffle=order == 'shuffled')
    if order == 'shuffled': return own
    train = []
    for (x, y), (_, as_drawn) in zip(own.train, drawn.train):
        i = torch.empty_like(y)
        for c in y.unique().tolist():
            mine = (y == c).nonzero().flatten()
            i[as_drawn == c] = mine[permutation(len(mine), seed, c, 0, 3)]
        train.append((x[i], y[i]))
    return replace(own, train=train, shuffle=False)


def arm_on(images: str, order: str, seed: int, root: str, compiled: bool = True) -> dict:
    "One run as a row of the file."
    torch.set_num_threads(1)
    r = run(stream_of(images, order, seed, root), 'arm', seed, preset='mnist5k', compile=compiled, progress=False)
    final = {f'final_{j}': round(a, 6) for j, a in enumerate(r.accuracy[-1])}
    return dict(images=images, order=order, seed=seed, accuracy=round(r.average_accuracy, 6), forgetting=round(r.forgetting, 6)) | final


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--root', required=True); p.add_argument('--seeds', type=int, default=60); p.add_argument('--workers', type=int, default=2)
    p.add_argument('--out', type=Path, default=Path('results/protocol-mnist5k.csv')); p.add_argument('--plain', action='store_true')
    a = p.parse_args()
    rows = pd.read_csv(a.out).to_dict('records') if a.out.exists() else []
    done = {r['seed'] for r in rows}
    with Parallel(a.workers) as at_once:
        for seed in (s for s in range(a.seeds) if s not in done):
            rows += at_once(delayed(arm_on)(i, o, seed, a.root, not a.plain) for i, o in CELLS)
            pd.DataFrame(rows).to_csv(a.out, index=False)
            print('seed', seed, *(f'{100*r["accuracy"]:.1f}' for r in rows[-4:]), flush=True)


if __name__ == '__main__': main()
