"""The files behind three comparisons are whole, by the rule that their pages state, and the pages show what the files hold: Table 6 with every method tuned alike (page 50),
the constraints on parameters (page 28), the images and their order (page 10)."""
import itertools, json, re, sys
from pathlib import Path

import nbformat, pandas as pd, pytest

root = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(root/'benchmarks'))
import fair, protocol


def read(name):
    path = root/'results'/f'{name}.csv'
    if not path.exists(): pytest.skip(f'{path.name} is not there: its runs have not been made')
    return pd.read_csv(path)


def shown(page, cell):
    "What a cell of a page printed, without HTML."
    found, = [c for c in nbformat.read(root/'nbs'/page, 4).cells if c.id == cell]
    return ' '.join(o.get('text', '') or o['data'].get('text/plain', '') for o in found.outputs)


def pm(v): return f'{100*v.mean():.1f} ± {100*v.std(ddof=1):.1f}'


def runs_of(table, **of):
    for k, v in of.items(): table = table[table[k] == v]
    return table


# ---- page 50: the same budget for all

def test_twelve_settings_a_method_on_validation_seeds_100_to_102():
    search = read('table6-search-mnist5k')
    assert set(search.eval_on) == {'val'} and set(search.method) <= set(fair.GRID)
    for method in set(search.method):
        have = sorted(zip(*(search[search.method == method][k] for k in ('settings', 'seed'))))
        assert have == sorted((json.dumps(c), s) for c in fair.settings(method) for s in (100, 101, 102)), method


def test_what_was_chosen_was_run_on_test_with_the_seeds_of_table_6():
    search, tuned = read('table6-search-mnist5k'), read('table6-tuned-mnist5k')
    assert set(tuned.method) == set(search.method) and set(tuned.eval_on) == {'test'}
    for method in set(tuned.method):
        mine = tuned[tuned.method == method]
        assert sorted(mine.seed) == [*fair.FEW.get(method, range(20))] and {*mine.settings} == {json.dumps(fair.best(search, method))} and not mine.diverged.any(), method


def test_a_setting_with_a_diverged_run_is_never_chosen():
    rows = [dict(method='m', settings=json.dumps(dict(a=a)), accuracy=acc, diverged=bad)
            for a, acc, bad in ((1, .9, False), (1, float('nan'), True), (2, .5, False), (2, .6, False))]
    assert fair.best(pd.DataFrame(rows), 'm') == dict(a=2)


def test_page_50_shows_the_tuned_rows_of_the_files():
    tuned, text = read('table6-tuned-mnist5k'), shown('experiments/50_mnist.ipynb', 'fair2')
    for method in set(tuned.method): assert pm(tuned[tuned.method == method].accuracy) in text, method


def test_five_times_the_steps_seeds_0_to_9():
    five = read('table6-five-mnist5k')
    text = shown('experiments/50_mnist.ipynb', 'five2')
    for method, mine in five.groupby('method'):
        assert sorted(mine.seed) == [*range(10)] and {*mine.settings} == {json.dumps(fair.FIVE[method])}
        assert pm(mine.accuracy) in text, method
    assert 'arm' in {*five.method}


def test_the_same_runs_stand_in_both_files():
    "ER, GEM and LwF were searched once, for chapter 28."
    ours, theirs = read('table6-search-mnist5k'), read('constraints-search')
    for method in {'er', 'gem', 'lwf'} & {*ours.method}:
        both = ours[ours.method == method].merge(theirs, on=['method', 'settings', 'seed'], suffixes=('', '_28'))
        assert len(both) == 36 and (both.accuracy - both.accuracy_28).abs().max() < 1e-5


# ---- page 10: the images, or their order

def test_every_seed_of_the_protocol_has_all_four_and_the_page_shows_them():
    runs = read('protocol-mnist5k')
    n = runs.seed.nunique()
    assert sorted(runs.seed.unique()) == [*range(n)] and len(runs) == 4*n
    for seed, four in runs.groupby('seed'): assert sorted(zip(four.images, four.order)) == sorted(protocol.CELLS), seed
    text = shown('10_streams.ipynb', 'm002')
    for cell in protocol.CELLS:
        one = runs_of(runs, images=cell[0], order=cell[1])
        assert f'{100*one.accuracy.mean():.1f} ± {100*one.accuracy.std():.1f}' in text and re.search(rf'\b{n}\b', text), cell


# ---- page 28: constraints

@pytest.fixture(scope='module')
def grid():
    "GRID as the page has it."
    cell, = [c for c in nbformat.read(root/'nbs/rivals/28_constraints.ipynb', 4).cells if c.id == 'grid2']
    found = {}
    exec(cell.source, found)
    return found['GRID']


def test_the_search_is_as_the_page_says(grid):
    "Every method by the rule of page 50: twelve settings or more, three runs of each."
    search = read('constraints-search')
    assert set(search.method) == set(grid)
    for method, values in grid.items():
        asked = [json.dumps(dict(zip(values, v))) for v in itertools.product(*values.values())]
        mine = search[search.method == method]
        assert sorted(zip(mine.settings, mine.seed)) == sorted(itertools.product(asked, (100, 101, 102))), method
        assert len(asked) == (18 if method in ('ewc', 'si', 'mas') else 12)


def test_every_constraint_has_its_runs_on_test():
    runs, text = read('constraints-mnist5k'), shown('rivals/28_constraints.ipynb', 'table')
    for (method, settings), mine in runs.groupby(['method', 'settings']):
        assert sorted(mine.seed) == [*range(5 if method == 'gen' else 20)], (method, settings)
        assert pm(mine.accuracy) in text, (method, settings)


def test_the_masked_loss_has_its_runs_on_test():
    runs, text = read('constraints-masked-mnist5k'), shown('rivals/28_constraints.ipynb', 'loss_t')
    for strength, mine in runs[runs.eval_on == 'test'].groupby('strength'):
        assert sorted(mine.seed) == [*range(20)] and pm(mine.accuracy) in text, strength
