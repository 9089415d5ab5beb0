import ipywidgets, matplotlib.pyplot as plt, torch
from arm_nb.explore import *
from arm_nb.explore import Columns, LAMBDAS, TOY, arm_at, counter, draw_gains, draw_recalled_now, draw_regions, draw_standing, explorer, gains, moments, png, sliders, standing, toy_network, toy_scene, two_pixels
from arm_nb.arm import ARM, ArmConfig, Recalled
from arm_nb.record import RunRecord
from arm_nb.models import MLP

torch.manual_seed(0)
x, y = torch.rand(4, 1, 6, 6), torch.tensor([2, 2, 3, 2])
arm = ARM(MLP((1, 6, 6), 5, 8), ArmConfig(N=4, M=3, S=2, recall_from=0))
scene = scene_of(arm, x, y)
assert isinstance(scene, Scene) and len(scene.x) == 3 and arm.t == 0
trace = scene.trace()
assert len(trace.x) == 3 and set(LAMBDAS.values()) == set(trace.terms) and scene.violation(x).shape == (4,)
assert abs(sum(g[2] for n, g in gains(trace).items() if n != 'eq. 8') - gains(trace)['eq. 8'][2]) < 1e-9
walker, ahead = arm_at(1, N=5)
assert walker.t == 1 and next(ahead)[0].shape == (5, 1, 28, 28)

fig, (a, b) = plt.subplots(1, 2)
draw_gains(a, b, trace, 1)
plt.close(fig)
assert plot_recall(scene, trace, 2).axes

f, points, classes = toy_network()
assert f(two_pixels(points)).shape == (180, 3) and torch.allclose(Columns()(two_pixels(points)), points) and len(classes) == 180
toy = toy_scene(1)
assert toy.cfg is TOY and plot_toy(toy, toy.trace(S=2), 1, n=9).axes
draw_regions(plt.figure().add_subplot(), torch.eye(3).repeat(3, 1), 'by hand'); plt.close('all')

record = RunRecord('mnist-mini', 'arm', 'released', 0, {}, 'test', [[0, 1], [2, 3]], 4, accuracy=[[.9, None], [.6, .8]], recalled=[None, [.5, .5, 0., 0.]], losses={'real': [1.]*2}, stage_ends=[1, 2], complete=True)
assert standing(record, 2)[1].tolist() == [.9, .8] and moments(record) == [2]
fig, (a, b) = plt.subplots(1, 2)
draw_recalled_now(a, record, 2); draw_standing(a, record, 2); plt.close(fig)
kept = {2: Recalled(x, y, x, torch.eye(5)[:4], None)}
assert len(plot_moment(record, 2, kept[2]).axes) == 5

assert png(plt.figure())[:4] == b'\x89PNG'; plt.close('all')
assert counter('S', 3).max == 3 and list(sliders(TOY, ['lambda_3'])) == ['lambda_3']
box = explorer(lambda S: plot_recall(scene, trace, S), dict(S=counter('S', 2)))
for shown in (box, explore_recall(scene), explore_toy(), explore_run(record, kept)): assert isinstance(shown, ipywidgets.VBox) and shown.picture.value[:4] == b'\x89PNG'
assert not plt.get_fignums()
