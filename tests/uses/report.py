import tempfile
import matplotlib.pyplot as plt, numpy as np, torch
from arm_nb.report import *
from arm_nb.arm import ArmConfig, Recalled
from arm_nb.learner import RunRecord
from dataclasses import asdict, replace

half = [.5, .5] + [0.]*8
r = RunRecord('mnist-mini', 'arm', 'released', 0, asdict(ArmConfig.preset('mnist-mini')), 'test', [[2*j, 2*j + 1] for j in range(5)], 10,
              accuracy=[[1., 0, 0, 0, 0], [.8, .9, 0, 0, 0], [.7, .6, .9, 0, 0], [.6, .5, .4, .9, 0], [.5, .4, .3, .2, .6]], losses={'real': [1.]*10},
              recalled=[None]*2 + [half]*8, stage_ends=[2, 4, 6, 8, 10], memory=dict(images=0, parameters=478410, bytes=1913640), seconds=dict(train=2., eval=0.), complete=True)
assert PAPER[(PAPER.data == 'mnist5k') & (PAPER.method == 'arm')].accuracy.item() == published('mnist-mini', 'arm')['accuracy'] == 56.3
assert 'mnist-mini' in BESIDE and 'mnist-mini' in REMARKS and ORDER[0] == 'stationary' and len(STYLES) == 4
assert preset_of(r)['T'] == 80 and changes(replace(r, config=r.config | {'M': 40})) == ['M=40'] and run_name(r) == 'arm'
assert abs(table_row([r])['accuracy'] - 40) < 1e-9
table = results_table([r, replace(r, seed=1)])
assert command_of([r]) == 'arm_nb run --data mnist-mini --method arm --seed 0'
with tempfile.TemporaryDirectory() as folder: assert [p.suffix for p in save_table(table, folder + '/t')] == ['.txt', '.md', '.csv'] and table_text(load_table(folder + '/t.csv')) == table_text(table)
assert table.seeds.item() == 2 and plus_minus(40., 0.) in table_text(table) and short_count(478410) == '478K'
assert readable(table)['extra MB'].item() == '1.91' and '| arm |' in table_markdown(table) and align([['a', 'b'], ['cc', '1']]) == ['a   b', 'cc  1']
assert mosaic([np.ones((2, 1, 3, 3))]).shape == (3, 8) and mosaic([np.ones((2, 1, 3, 3))]).sum() == 18
assert windows(r)[1] == (2, 4) and task_style(0) != task_style(1) and accuracy_curves(r)[0].tolist() == r.stage_ends
x = torch.rand(10, 1, 28, 28)
for fig in (plot_recalled(Recalled(x, torch.arange(10), x, torch.eye(10), None)), plot_recalled_classes(r), plot_accuracy([r])): assert fig.axes
draw_accuracy(plt.subplots()[1], r, 'by hand')
assert figure(lambda: plt.figure())() is not None and not plt.get_fignums() or plt.close('all') is None
side = beside(6, table)
assert side[side.seeds == 2].row.tolist() == ['arm'] and verdicts(side)[-1] == 'not told apart (0 of 0)' and told_apart(np.array([1., 2.]), np.zeros(2)).tolist() == [[0, -1], [1, 0]]
