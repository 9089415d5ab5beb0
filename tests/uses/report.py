import tempfile
from arm_nb.report import *
from arm_nb.report import MEASURES, PAPER_DATA, REMARKS, changes, in_columns, readable, rehearsal_of, run_name, short_count, table_row, table_text
from arm_nb.arm import ArmConfig
from arm_nb.metrics import plus_minus
from arm_nb.record import RunRecord, run_path
from dataclasses import asdict, replace

half = [.5, .5] + [0.]*8
r = RunRecord('mnist-mini', 'arm', 'released', 0, asdict(ArmConfig.preset('mnist-mini')), 'test', [[2*j, 2*j + 1] for j in range(5)], 10,
              accuracy=[[1., 0, 0, 0, 0], [.8, .9, 0, 0, 0], [.7, .6, .9, 0, 0], [.6, .5, .4, .9, 0], [.5, .4, .3, .2, .6]], losses={'real': [1.]*10},
              recalled=[None]*2 + [half]*8, stage_ends=[2, 4, 6, 8, 10], memory=dict(images=0, parameters=478410, bytes=1913640), seconds=dict(train=2., eval=0.), complete=True)
assert PAPER[(PAPER.data == 'mnist5k') & (PAPER.method == 'arm')].accuracy.item() == published('mnist-mini', 'arm')['accuracy'] == 56.3
assert 'mnist-mini' in PAPER_DATA and 'mnist-mini' in REMARKS and rehearsal_of('cifar10-20') == ('cifar10', 20)
assert preset_of(r)['T'] == 80 and changes(replace(r, config=r.config | {'M': 40})) == ['M=40'] and run_name(r) == 'arm'
assert abs(table_row([r])['accuracy'] - 40) < 1e-9
table = results_table([r, replace(r, seed=1)])
assert command_of([r]) == 'arm_nb run --data mnist-mini --method arm --seed 0'
with tempfile.TemporaryDirectory() as folder:
    usual, other = replace(r, config=preset_of(r)), replace(r, config=preset_of(r) | {'M': 40})
    for x in (usual, other): x.save(run_path(x, folder))
    assert [x.config['M'] for x in preset_runs(folder, 'arm', [0])] == [10]
with tempfile.TemporaryDirectory() as folder: assert [p.suffix for p in save_table(table, folder + '/t')] == ['.txt', '.md', '.csv'] and table_text(load_table(folder + '/t.csv')) == table_text(table)
assert table.seeds.item() == 2 and plus_minus(40., 0.) in table_text(table) and short_count(478410) == '478K'
assert readable(table)['extra MB'].item() == '1.91' and '| ARM |' in table_markdown(table) and in_columns([['a', 'b'], ['cc', '1']]) == ['a   b', 'cc  1']
side = beside_paper(6, table)
assert side[side.seeds == 2].row.tolist() == ['arm']
worse = replace(r, accuracy=[[1., 0, 0, 0, 0]] * 4 + [[.1] * 5])
each = runs_table([x for s in range(3) for x in (replace(r, seed=s), replace(worse, seed=s, method='naive', config=preset_of(replace(r, method='naive'))))])
assert list(each)[:6] == ['data', 'method', 'changed', 'seed', 'accuracy', 'forgetting'] and len(runs_of(each, 'arm')) == 3
assert set(MEASURES) <= set(each) and str(compare(each, 'arm', 'naive')) == 'holds: +30.0 (+30.0 to +30.0), d = inf, n = 3'
assert against_printed(each, 6, 'arm').word == 'does not hold' and round(against_printed(each, 6, 'arm').mean, 3) == -.163
assert in_words('er (mem_total=25, lambda_3=1.0)') == 'ER (25 images, λ₃ = 1)' and in_words('er-mir-100') == 'ER-MIR (100 images)'
both = results_table([replace(r, seed=s, config=r.config | {'M': m}, marks={'protocol': 'released'}) for s in (0, 1) for m in (10, 40)])
shown = table_markdown(both)                    # what all rows share stands in the caption, and in no row
assert shown.startswith('mnist-mini (released protocol): ') and '| ARM |' in shown and '| ARM (M=40) |' in shown and shown.count('protocol') == 1
