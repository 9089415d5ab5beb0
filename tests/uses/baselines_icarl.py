import torch
from arm_nb.baselines.icarl import *
from arm_nb.baselines.icarl import UNSEEN, distinct
from arm_nb.models import MLP

assert IcarlConfig.preset('mnist-mini') == IcarlConfig(eta_0=.2, mem_total=50)
assert herding(torch.tensor([[0.], [1.], [2.], [7.]]), 3).tolist() == [2, 1, 3]
assert distinct(torch.tensor([[4, 4], [1, 2], [4, 4]], dtype=torch.uint8)).tolist() == [0, 1]
means, known = class_means(torch.eye(2), torch.tensor([0, 2]), 3)
assert nearest_mean(torch.eye(2), means, known).argmax(1).tolist() == [0, 2] and nearest_mean(torch.eye(2), means, known)[0, 1] == UNSEEN
targets = icarl_targets(torch.tensor([1]), 2, torch.tensor([[.3, .9]]), torch.tensor([True, False]))
torch.testing.assert_close(targets, torch.tensor([[.3, 1.]]))
torch.testing.assert_close(icarl_loss(torch.zeros(1, 2), targets, torch.tensor([True, False])), torch.tensor([2.]).log())

store = Exemplars(mem_total=2)
store.add(torch.tensor([.2, .8, .4]).view(3, 1, 1, 1), torch.tensor([0, 0, 1]))
store.settle([0, 1], choose=lambda x, n: x.flatten().argsort(descending=True)[:n], ask=lambda x: x.flatten(1))
assert store.kept['x'].flatten().tolist() == [204, 102] and store.classes == [0, 1] and len(store) == 2 and store.at_hand == []

torch.manual_seed(0)
icarl, x = Icarl(MLP((1, 4, 4), 4, hidden=6), IcarlConfig(N=8, M=4, mem_total=8)), torch.rand(8, 1, 4, 4)
assert [*icarl.observe(x, torch.arange(8) % 2)] == ['real'] and [*icarl.observe(x, 2 + torch.arange(8) % 2)] == ['real', 'replay']
assert icarl.exemplars(1).shape == (4, 1, 4, 4) and icarl.exemplars(1).dtype == torch.uint8
assert icarl.predict(x).shape == (8, 4) and features_of(icarl.model, x).shape == (8, 6)
icarl.end_task()
assert [len(icarl.exemplars(c)) for c in range(4)] == [2] * 4 and icarl.memory().images == 8
