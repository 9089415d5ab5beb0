"""The same budget for every method of Table 6: twelve settings each, chosen on validation images with seeds 100-102, reported on test images with seeds 0-19 (GEN and GEN-MIR 0-4).

    python benchmarks/fair.py --root DIR [--method arm,adi] [--workers 2] [--search results/table6-search-mnist5k.csv] [--test results/table6-tuned-mnist5k.csv]
    python benchmarks/fair.py --root DIR --five results/table6-five-mnist5k.csv     the control: released settings, each batch given five times in a row, seeds 0-9

MNIST-5k, released protocol. The settings were written down before the first run. It goes on where the two files end. What is chosen is the highest mean accuracy over the three
seeds; a setting with a diverged run is out. Then the chosen setting is run on test. GEN and GEN-MIR were added
in November 2026, with settings written down before their first run; they take four hours of one core, all others together one. Read by `nbs/experiments/50_mnist.ipynb`.
"""
import argparse
import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import pandas as pd
import torch
from joblib import Parallel, delayed

from arm_nb.experiment import run
from arm_nb.streams import get_stream

THREE, FOUR = (.02, .05, .1), (.02, .05, .1, .2)
GRID = {  # method -> setting -> values: twelve combinations each
    'arm': dict(eta_0=THREE, lambda_0_recall=(.25, .5, 1., 2.)),
    'adi': dict(eta_0=THREE, lambda_0_recall=(.5, 1.), div=('mean_kl', 'js')),
    'er': dict(eta_0=FOUR, M=(5, 10, 20)),
    'er-mir': dict(eta_0=FOUR, M=(5, 10, 20)),
    'lwf': dict(eta_0=THREE, lambda_0_real=(.5, 1., 2., 4.)),
    'gem': dict(eta_0=(.005, .01, .02, .05), margin=(.5, 1., 2.)),
    'naive': dict(eta_0=(.005, .01, .02, .03, .04, .05, .07, .1, .15, .2, .3, .4)),
    'stationary': dict(eta_0=(.005, .01, .02, .03, .04, .05, .07, .1, .15, .2, .3, .4)),
    'icarl': dict(eta_0=(.05, .1, .2, .4), M=(5, 10, 20)),
    'gen': dict(eta_0=(.005, .01, .02, .05), lambda_0_recall=(1.5, 3., 6.)),
    'gen-mir': dict(eta_0=(.005, .01, .02, .05), lambda_0_recall=(1.5, 3., 6.)),
}
SEARCH, TEST = (100, 101, 102), range(20)
FEW = {'gen': range(5), 'gen-mir': range(5)}  # as in Table 6: one to four minutes a run
FIVE = {'naive': {}, 'er': {}, 'lwf': dict(T=500, recall_from=500), 'adi': dict(T=500, recall_from=500), 'arm': dict(T=500, recall_from=500)}


def settings(method: str) -> list[dict]:
    "The twelve settings of a method."
    found = [dict(zip(GRID[method], v)) for v in product(*GRID[method].values())]
    assert len(found) == 12
    return found


def stream_of(seed: int, root: str, times: int = 1, N: int = 10):
    "The images of one run, each batch of N so many times in a row."
    s = get_stream('mnist5k', root, 'released').for_run(seed)
    def again(x): return x.unflatten(0, (-1, N)).repeat_interleave(times, 0).flatten(0, 1)
    return replace(s, train=[(again(x), again(y)) for x, y in s.train])


def measured(method: str, seed: int, eval_on: str, root: str, changed: dict, times: int = 1) -> dict:
    "One run as a row of a file. One that diverged has no figures, and says so."
    torch.set_num_threads(1)
    row = dict(method=method, settings=json.dumps(changed), seed=seed, eval_on=eval_on)
    try:
        r = run(stream_of(seed, root, times), method, seed, preset='mnist5k', eval_on=eval_on, progress=False, **changed)
    except ArithmeticError:
        return row | dict(diverged=True)
    return row | dict(diverged=False, accuracy=r.average_accuracy, forgetting=r.forgetting)


def best(search: pd.DataFrame, method: str) -> dict:
    "The setting with the highest mean on validation, among those of which no run diverged."
    mine = search[search.method == method].groupby('settings').agg(accuracy=('accuracy', 'mean'), diverged=('diverged', 'any'))
    return json.loads(mine[~mine.diverged].accuracy.idxmax())


def fill(path: Path, wanted: list[tuple], at_once: Parallel, root: str, times: int = 1) -> pd.DataFrame:
    "Run what the file does not hold yet; it is written after every six runs."
    rows = pd.read_csv(path).to_dict('records') if path.exists() else []
    have = {(r['method'], r['settings'], r['seed']) for r in rows}
    left = [w for w in wanted if (w[0], json.dumps(w[3]), w[1]) not in have]
    for i in range(0, len(left), 6):
        rows += at_once(delayed(measured)(m, s, on, root, c, times) for m, s, on, c in left[i:i + 6])
        pd.DataFrame(rows).to_csv(path, index=False)
        print(path.name, i + len(left[i:i + 6]), 'of', len(left), left[i][0], flush=True)
    return pd.DataFrame(rows)


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--root', required=True); p.add_argument('--method', default=','.join(GRID)); p.add_argument('--workers', type=int, default=2)
    p.add_argument('--search', type=Path, default=Path('results/table6-search-mnist5k.csv'))
    p.add_argument('--test', type=Path, default=Path('results/table6-tuned-mnist5k.csv'))
    p.add_argument('--five', type=Path)
    a = p.parse_args()
    with Parallel(a.workers) as at_once:
        if a.five:
            fill(a.five, [(m, s, 'test', c) for m, c in FIVE.items() for s in range(10)], at_once, a.root, 5)
            return
        for m in a.method.split(','):
            search = fill(a.search, [(m, s, 'val', c) for c in settings(m) for s in SEARCH], at_once, a.root)
            chosen = best(search, m)
            print(m, chosen, flush=True)
            fill(a.test, [(m, s, 'test', chosen) for s in FEW.get(m, TEST)], at_once, a.root)


if __name__ == '__main__': main()
