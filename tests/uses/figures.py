import matplotlib.pyplot as plt, numpy as np, torch
from arm_nb.figures import *
from arm_nb.figures import STYLES, accuracy_curves, draw_accuracy, draw_answers, draw_batch, draw_image, draw_recalled_classes, figure, kept_iterations
from arm_nb.arm import Recalled
from arm_nb.record import RunRecord

half = [.5, .5] + [0.]*8
r = RunRecord('mnist-mini', 'arm', 'released', 0, {}, 'test', [[2*j, 2*j + 1] for j in range(5)], 10, accuracy=[[.5]*5]*5,
              losses={'real': [1.]*10}, recalled=[None]*2 + [half]*8, stage_ends=[2, 4, 6, 8, 10], complete=True)
assert mosaic([np.ones((2, 1, 3, 3))]).shape == (3, 8) and mosaic([np.ones((2, 1, 3, 3))]).sum() == 18
assert task_windows(r)[1] == (2, 4) and task_style(0) != task_style(1) and len(STYLES) == 4
assert accuracy_curves(r)[0].tolist() == r.stage_ends and kept_iterations(r).tolist() == list(range(10)) and recalled_array(r)[2].tolist() == half
x = torch.rand(10, 1, 28, 28)
for fig in (plot_recalled(Recalled(x, torch.arange(10), x, torch.eye(10), None)), plot_recalled_classes(r), plot_accuracy([r])): assert fig.axes
fig, ax = plt.subplots()
draw_accuracy(ax, r, 'by hand'); draw_image(ax, x[0], 'one'); draw_batch(ax, x, x, range(10), {2, 3}); draw_answers(ax, half, half, {2}); draw_recalled_classes(ax, r)
plt.close(fig)
assert figure(lambda: plt.figure())() is not None and not plt.get_fignums()
